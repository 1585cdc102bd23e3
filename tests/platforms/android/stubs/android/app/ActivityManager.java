package android.app;

import java.util.List;

/** Of Android 11's manager what the app uses, for Debian's newest framework is Android 6. Compile-only. */
public class ActivityManager {
    public static class MemoryInfo {
        public long availMem;
        public long threshold;
    }

    private ActivityManager() {}

    public native List<ApplicationExitInfo> getHistoricalProcessExitReasons(
            String packageName, int pid, int maxNum);

    public native void getMemoryInfo(MemoryInfo outInfo);
}
