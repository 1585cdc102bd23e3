package org.heirloom.app.photo

import android.graphics.Bitmap
import android.graphics.BitmapFactory
import android.graphics.BitmapRegionDecoder
import android.graphics.Matrix
import android.graphics.Rect
import android.graphics.RectF
import java.io.File
import java.io.IOException

/** A photo's [file], of which parts are decoded in its own pixels. */
class RegionFile(
    private val file: File,
    private val upright: Upright,
) {
    /**
     * The part [region] of the upright photo, shrunk by [sample], a power of two. Null if the format has no
     * parts, the file is gone, or there is no memory.
     */
    fun decode(
        region: Rect,
        sample: Int,
    ): Bitmap? =
        try {
            // The variant without a second parameter came with API 31.
            @Suppress("DEPRECATION")
            val decoder: BitmapRegionDecoder? = BitmapRegionDecoder.newInstance(file.path, false)
            decoder?.let { decode(it, region, sample) }
        } catch (_: IOException) {
            null
        } catch (_: OutOfMemoryError) {
            null
        }

    private fun decode(
        decoder: BitmapRegionDecoder,
        region: Rect,
        sample: Int,
    ): Bitmap? {
        try {
            val whole = upright.stored()
            // A decoder that turns the photo itself has other places.
            if (decoder.width != whole.first || decoder.height != whole.second) return null
            val options = BitmapFactory.Options().apply { inSampleSize = sample }
            val part: Bitmap? = decoder.decodeRegion(storedAt(region), options)
            if (part == null || upright.isStoredSo) return part
            val turn = matrixOf(upright.of(part.width, part.height))
            return Bitmap.createBitmap(part, 0, 0, part.width, part.height, turn, false)
        } finally {
            decoder.recycle()
        }
    }

    private fun storedAt(region: Rect): Rect {
        val back = Matrix().also { matrixOf(upright).invert(it) }
        val stored = RectF(region).also { back.mapRect(it) }
        return Rect().also { stored.round(it) }
    }
}
