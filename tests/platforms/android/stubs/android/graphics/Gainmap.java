package android.graphics;

/** New in Android 14. Compile-only. */
public final class Gainmap {
    private Gainmap() {}
}
