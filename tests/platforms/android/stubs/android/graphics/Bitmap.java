package android.graphics;

import java.io.OutputStream;

/** Of Android 14's bitmap what the app uses, for Debian's newest framework is Android 6. Compile-only. */
public final class Bitmap {
    public enum Config { ALPHA_8, ARGB_8888 }

    public enum CompressFormat { JPEG, PNG }

    private Bitmap() {}

    public static native Bitmap createBitmap(int width, int height, Config config);

    public static native Bitmap createBitmap(
            Bitmap source, int x, int y, int width, int height, Matrix m, boolean filter);

    public native boolean compress(CompressFormat format, int quality, OutputStream stream);

    public native Bitmap copy(Config config, boolean isMutable);

    public native int getAllocationByteCount();

    public native Config getConfig();

    public native int getHeight();

    public native void getPixels(int[] pixels, int offset, int stride, int x, int y, int width, int height);

    public native int getWidth();

    public native boolean hasAlpha();

    public native void recycle();

    public native void setGainmap(Gainmap gainmap);

    public native void setHasAlpha(boolean hasAlpha);

    public native void setPixels(int[] pixels, int offset, int stride, int x, int y, int width, int height);
}
