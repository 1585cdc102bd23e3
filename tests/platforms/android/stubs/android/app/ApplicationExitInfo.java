package android.app;

/** New in Android 11: what of it the app uses. Compile-only. */
public final class ApplicationExitInfo {
    public static final int REASON_CRASH_NATIVE = 5;

    private ApplicationExitInfo() {}

    public native int getReason();

    public native long getTimestamp();
}
