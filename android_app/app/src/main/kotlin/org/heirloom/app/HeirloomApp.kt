package org.heirloom.app

import android.app.Application

/** The application; holds the [Studio], which outlives activities. */
class HeirloomApp : Application() {
    /** Created when the screen is first shown. */
    val studio by lazy { Studio(this) }
}
