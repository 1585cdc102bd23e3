package org.heirloom.core

/** A mask, [height] x [width] row-major, in which each value stands for [factor] x [factor] pixels. */
class Damage(
    val height: Int,
    val width: Int,
    val mask: BooleanArray,
    val factor: Int,
) {
    init {
        require(mask.size == height * width && factor > 0) { "${mask.size} values for ${height}x$width" }
    }

    /** Damaged share of the photo, 0..1. */
    val share get() = mask.count { it }.toDouble() / mask.size

    /**
     * The window [box] (in cells of a photo of [photoHeight] x [photoWidth] pixels), mirrored beyond its
     * borders: rows, columns, stride * stride.
     */
    fun cells(
        box: Box,
        stride: Int,
        photoHeight: Int,
        photoWidth: Int,
    ): BooleanArray {
        val seen = box.scaled(stride)
        val down = mirrored(seen.top, seen.bottom, photoHeight)
        val across = mirrored(seen.left, seen.right, photoWidth)
        for (i in across.indices) across[i] /= factor
        val cells = BooleanArray(down.size * across.size)
        for (y in down.indices) {
            val row = down[y] / factor * width
            val start = (y / stride * box.columns * stride + y % stride) * stride
            for (x in across.indices) {
                cells[start + x / stride * stride * stride + x % stride] = mask[row + across[x]]
            }
        }
        return cells
    }

    /** The mask where each value stands for [to] pixels, a multiple of its own factor. */
    fun shrunk(to: Int): Damage {
        require(to % factor == 0) { "$to is not a multiple of $factor" }
        val step = to / factor
        if (step == 1) return this
        val columns = ceilDiv(width, step)
        val small = BooleanArray(ceilDiv(height, step) * columns)
        for (y in 0 until height) {
            for (x in 0 until width) {
                if (mask[y * width + x]) small[y / step * columns + x / step] = true
            }
        }
        return Damage(small.size / columns, columns, small, to)
    }

    companion object {
        /**
         * Where the detector's [probability], rows of [width], reaches [threshold], and one step around
         * it: a detector is least sure at the rim of a scratch, where its paint fades out.
         */
        fun found(
            probability: FloatArray,
            width: Int,
            threshold: Double,
            factor: Int,
        ): Damage {
            val height = probability.size / width
            val least = threshold.toFloat()
            val mask = BooleanArray(probability.size)
            for (y in 0 until height) {
                for (x in 0 until width) {
                    if (probability[y * width + x] < least) continue
                    for (row in maxOf(0, y - 1)..minOf(height - 1, y + 1)) {
                        mask.fill(true, row * width + maxOf(0, x - 1), row * width + minOf(width, x + 2))
                    }
                }
            }
            return Damage(height, width, mask, factor)
        }

        /** A mask that a person painted on a copy of the photo: bright is damaged. */
        fun painted(picture: Pixels): Damage {
            val line = IntArray(picture.width * picture.colours)
            val mask = BooleanArray(picture.height * picture.width)
            for (row in 0 until picture.height) {
                picture.read(row, 0, picture.width, line, 0)
                for (i in line.indices) {
                    if (2 * line[i] >= picture.top) mask[row * picture.width + i / picture.colours] = true
                }
            }
            return Damage(picture.height, picture.width, mask, 1)
        }
    }
}
