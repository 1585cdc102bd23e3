package org.heirloom.app.ui

import android.graphics.Bitmap
import android.graphics.Rect
import android.view.View
import org.heirloom.app.photo.RegionFile
import java.util.concurrent.Executors

/** The visible part of an enlarged photo in its own pixels, where its preview is too coarse. */
class Details(
    private val view: View,
) {
    /** What [region] of the photo, in its pixels, looks like; null: it could not be decoded. */
    class Part(
        val region: Rect,
        val before: Bitmap?,
        val after: Bitmap?,
    )

    /** What was decoded last. */
    var part: Part? = null
        private set

    private val thread = Executors.newSingleThreadExecutor()

    /** The request that counts: only the last one does. */
    @Volatile private var last = 0

    /** Decodes [region] of both files, and draws the view again. */
    fun request(
        before: RegionFile,
        after: RegionFile?,
        region: Rect,
        sample: Int,
    ) {
        val request = ++last
        thread.execute {
            if (request != last) return@execute
            val found = Part(region, before.decode(region, sample), after?.decode(region, sample))
            view.post {
                if (request == last) {
                    part = found
                    view.invalidate()
                }
            }
        }
    }

    /** Drops what was decoded and requested. */
    fun clear() {
        last++
        part = null
    }

    /** Ends the thread. */
    fun close() {
        clear()
        thread.shutdown()
    }
}
