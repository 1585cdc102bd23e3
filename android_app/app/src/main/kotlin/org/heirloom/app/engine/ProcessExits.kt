package org.heirloom.app.engine

import android.app.ActivityManager
import android.app.ApplicationExitInfo
import android.content.Context
import android.os.Build

/** The ends of this app's processes as Android records them, from Android 11 on. */
class ProcessExits(
    private val context: Context,
) : Exits {
    override fun crashedSince(time: Long): Boolean? {
        if (Build.VERSION.SDK_INT < ANDROID_11) return null
        val manager = context.getSystemService(Context.ACTIVITY_SERVICE) as ActivityManager
        return manager.getHistoricalProcessExitReasons(null, 0, 0).any {
            it.timestamp >= time && it.reason == ApplicationExitInfo.REASON_CRASH_NATIVE
        }
    }

    private companion object {
        const val ANDROID_11 = 30
    }
}
