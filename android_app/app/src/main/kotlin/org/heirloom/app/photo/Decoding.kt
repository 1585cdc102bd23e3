package org.heirloom.app.photo

import android.graphics.Bitmap
import android.graphics.BitmapFactory
import android.graphics.BitmapRegionDecoder
import android.graphics.Canvas
import android.graphics.Matrix
import android.graphics.Rect
import android.os.Build
import org.heirloom.app.Cancel
import org.heirloom.app.R
import org.heirloom.app.Refused
import org.heirloom.app.photo.metadata.PngMetadata
import org.heirloom.app.text
import java.io.File
import java.io.IOException

/** From Android 14 on a bitmap may hold a gain map, with the photo's brightness for HDR screens. */
private const val ANDROID_14 = 34

/** Pixels of a band where a photo is decoded in bands: 16 MiB, or 32 of 16 bits. */
private const val BAND_PIXELS = 4 shl 20

/**
 * The photo in [file] as one mutable, upright bitmap of 8 bits; at no time are there two of its size, but
 * for pictures of 10 bits.
 *
 * Throws [Refused] if it can't be decoded, or if there is no memory for it, and CancellationException.
 */
internal fun decodePhoto(
    file: File,
    upright: Upright,
    cancel: Cancel,
): Bitmap =
    try {
        // Android decodes a PNG of 16 bits to twice the memory, whatever the options.
        val inBands = !upright.isStoredSo || file.inputStream().use(PngMetadata::isDeep)
        if (inBands) decodeInBands(file, upright, cancel) else decodeWhole(file, cancel)
    } catch (error: IOException) {
        throw Refused(text(R.string.broken), error)
    } catch (error: OutOfMemoryError) {
        throw Refused(text(R.string.no_memory), error)
    }

/** The photo in [file], upright, decoded with fewer pixels until its longer side is at most [maxSide]. */
internal fun decodeSmall(
    file: File,
    upright: Upright,
    maxSide: Int,
): Bitmap {
    val options = BitmapFactory.Options()
    options.inSampleSize = 1
    while (maxOf(upright.width, upright.height) / options.inSampleSize > maxSide) options.inSampleSize *= 2
    val small = BitmapFactory.decodeFile(file.path, options) ?: throw Refused(text(R.string.broken))
    if (upright.isStoredSo) return small
    return Bitmap.createBitmap(small, 0, 0, small.width, small.height, matrixOf(upright), false)
}

private fun decodeWhole(
    file: File,
    cancel: Cancel,
): Bitmap {
    val options = BitmapFactory.Options()
    options.inMutable = true
    options.inPreferredConfig = Bitmap.Config.ARGB_8888
    val whole: Bitmap? =
        file.inputStream().use { BitmapFactory.decodeStream(cancel.reading(it), null, options) }
    cancel.check()
    if (whole == null) throw IOException("can't be decoded")
    // It shows where the old photo was bright: an encoder would put it into the restored one.
    if (Build.VERSION.SDK_INT >= ANDROID_14) whole.setGainmap(null)
    if (whole.config == Bitmap.Config.ARGB_8888) return whole
    // HEIC and AVIF of 10 bits stay so from Android 13 on.
    try {
        return whole.copy(Bitmap.Config.ARGB_8888, true) ?: throw IOException("can't be converted")
    } finally {
        whole.recycle()
    }
}

/**
 * Decodes band by band and draws each at its place. Only JPEG, PNG and WebP have an orientation here, or are
 * known to have 16 bits, and all three can be decoded in bands.
 */
private fun decodeInBands(
    file: File,
    upright: Upright,
    cancel: Cancel,
): Bitmap {
    // The variant without a second parameter came with API 31.
    @Suppress("DEPRECATION")
    val decoder: BitmapRegionDecoder? = BitmapRegionDecoder.newInstance(file.path, false)
    if (decoder == null) throw IOException("can't be decoded")
    try {
        val whole = Bitmap.createBitmap(upright.width, upright.height, Bitmap.Config.ARGB_8888)
        val canvas = Canvas(whole)
        var hasAlpha = false
        val rows = maxOf(1, BAND_PIXELS / decoder.width)
        for (top in 0 until decoder.height step rows) {
            cancel.check()
            val bottom = minOf(top + rows, decoder.height)
            val band: Bitmap? = decoder.decodeRegion(Rect(0, top, decoder.width, bottom), null)
            if (band == null) throw IOException("can't be decoded")
            hasAlpha = hasAlpha || band.hasAlpha()
            canvas.drawBitmap(band, matrixOf(upright).apply { preTranslate(0f, top.toFloat()) }, null)
            band.recycle()
        }
        // Not earlier: a canvas for an opaque bitmap need not write alpha.
        whole.setHasAlpha(hasAlpha)
        return whole
    } finally {
        decoder.recycle()
    }
}

internal fun matrixOf(upright: Upright) = Matrix().apply { setValues(upright.matrix()) }
