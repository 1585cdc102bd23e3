package org.heirloom.app.photo

import android.graphics.Bitmap
import org.heirloom.app.Cancel
import org.heirloom.core.Pixels

/**
 * The colours of a mutable ARGB_8888 [bitmap], read and overwritten in place; its alpha stays as it is. Each
 * read asks [cancel]: between the networks, only that ends the work.
 *
 * There is no gray bitmap of this kind, so a gray photo has three equal colours; the core detects that it
 * is gray. Used by one thread at a time.
 */
class BitmapPixels(
    private val bitmap: Bitmap,
    private val cancel: Cancel,
) : Pixels {
    override val height = bitmap.height
    override val width = bitmap.width
    override val colours get() = 3
    override val top get() = 255
    override val bytes get() = bitmap.allocationByteCount.toLong()

    private val hasAlpha = bitmap.hasAlpha()
    private val packed = IntArray(width)

    override fun read(
        row: Int,
        left: Int,
        count: Int,
        into: IntArray,
        at: Int,
    ) {
        cancel.check()
        bitmap.getPixels(packed, 0, count, left, row, count, 1)
        var to = at
        for (i in 0 until count) {
            val pixel = packed[i]
            into[to++] = pixel shr 16 and 0xff
            into[to++] = pixel shr 8 and 0xff
            into[to++] = pixel and 0xff
        }
    }

    override fun write(
        row: Int,
        left: Int,
        count: Int,
        from: IntArray,
        at: Int,
    ) {
        if (hasAlpha) bitmap.getPixels(packed, 0, count, left, row, count, 1)
        var next = at
        for (i in 0 until count) {
            val alpha = if (hasAlpha) packed[i] and OPAQUE else OPAQUE
            packed[i] = alpha or (from[next++] shl 16) or (from[next++] shl 8) or from[next++]
        }
        bitmap.setPixels(packed, 0, count, left, row, count, 1)
    }

    private companion object {
        const val OPAQUE = 0xff shl 24
    }
}
