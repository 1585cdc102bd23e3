package org.heirloom.app

import android.app.Application

/** Holds the app's work, which outlives its activities. */
class HeirloomApp : Application() {
    /** Begun when the screen is first shown. */
    val studio by lazy { Studio(this) }
}
