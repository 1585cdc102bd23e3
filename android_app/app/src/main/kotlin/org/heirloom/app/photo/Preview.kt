package org.heirloom.app.photo

import android.graphics.Bitmap

/** A screen-sized copy of a photo, which shows the [width] x [height] pixels at its upper left corner. */
class Preview private constructor(
    val bitmap: Bitmap,
    val width: Int,
    val height: Int,
) {
    companion object {
        /** Maximum longer side of a copy, in pixels. */
        const val MAX_SIDE = 2048

        /** The pixels of a photo on one of its preview, in each direction. */
        fun stepFor(
            width: Int,
            height: Int,
        ) = (maxOf(width, height) + MAX_SIDE - 1) / MAX_SIDE

        /** [bitmap], however it was shrunk, as the copy of a whole photo. */
        fun ofWhole(
            bitmap: Bitmap,
            width: Int,
            height: Int,
        ) = Preview(bitmap, width, height)

        /** A copy whose bitmap [draw] makes, of a width and height for such a photo. */
        fun covering(
            width: Int,
            height: Int,
            draw: (Int, Int) -> Bitmap,
        ): Preview {
            val step = stepFor(width, height)
            val bitmap = draw(maxOf(1, width / step), maxOf(1, height / step))
            return Preview(bitmap, minOf(width, bitmap.width * step), minOf(height, bitmap.height * step))
        }

        /** [photo] shrunk by a whole factor, averaging; the rest at the right and lower borders is cut. */
        fun of(photo: Bitmap) =
            covering(photo.width, photo.height) { width, height ->
                shrunk(photo, stepFor(photo.width, photo.height), width, height)
            }

        private fun shrunk(
            photo: Bitmap,
            step: Int,
            width: Int,
            height: Int,
        ): Bitmap {
            val small = Bitmap.createBitmap(width, height, Bitmap.Config.ARGB_8888)
            val rows = minOf(step, photo.height)
            val columns = minOf(step, photo.width)
            val packed = IntArray(photo.width * rows)
            val line = IntArray(width)
            for (y in 0 until height) {
                photo.getPixels(packed, 0, photo.width, 0, y * step, photo.width, rows)
                for (x in 0 until width) line[x] = mean(packed, photo.width, x * step, columns, rows)
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
}
