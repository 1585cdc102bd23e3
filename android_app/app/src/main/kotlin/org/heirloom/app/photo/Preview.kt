package org.heirloom.app.photo

import android.graphics.Bitmap

/** Screen-sized copies of a photo, shrunk the same way before and after, so that they can be compared. */
object Preview {
    /** Maximum longer side of a copy, in pixels. */
    const val MAX_SIDE = 2048

    /** [bitmap] shrunk by a whole factor, averaging; the rest at the right and lower borders is cut. */
    fun of(bitmap: Bitmap): Bitmap {
        val factor = (maxOf(bitmap.width, bitmap.height) + MAX_SIDE - 1) / MAX_SIDE
        val width = maxOf(1, bitmap.width / factor)
        val height = maxOf(1, bitmap.height / factor)
        val small = Bitmap.createBitmap(width, height, Bitmap.Config.ARGB_8888)
        val rows = minOf(factor, bitmap.height)
        val columns = minOf(factor, bitmap.width)
        val packed = IntArray(bitmap.width * rows)
        val line = IntArray(width)
        for (y in 0 until height) {
            bitmap.getPixels(packed, 0, bitmap.width, 0, y * factor, bitmap.width, rows)
            for (x in 0 until width) line[x] = mean(packed, bitmap.width, x * factor, columns, rows)
            small.setPixels(line, 0, width, 0, y, width, 1)
        }
        return small
    }

    private fun mean(
        packed: IntArray,
        stride: Int,
        left: Int,
        columns: Int,
        rows: Int,
    ): Int {
        var alpha = 0
        var red = 0
        var green = 0
        var blue = 0
        for (row in 0 until rows) {
            for (at in row * stride + left until row * stride + left + columns) {
                alpha += packed[at] ushr 24
                red += packed[at] shr 16 and 0xff
                green += packed[at] shr 8 and 0xff
                blue += packed[at] and 0xff
            }
        }
        val count = rows * columns
        return (alpha / count shl 24) or (red / count shl 16) or (green / count shl 8) or blue / count
    }
}
