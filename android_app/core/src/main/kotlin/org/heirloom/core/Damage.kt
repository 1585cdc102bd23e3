package org.heirloom.core

/** The mask of cracked, torn, scratched or stained pixels; each value covers [factor] x [factor]. */
class Damage(
    val mask: Mask,
    val factor: Int,
) {
    init {
        require(factor > 0) { "a factor of $factor" }
    }

    /** Damaged share of the photo, 0..1. */
    val share get() = mask.count.toDouble() / mask.values.size

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
            val row = down[y] / factor * mask.width
            val start = (y / stride * box.columns * stride + y % stride) * stride
            for (x in across.indices) {
                cells[start + x / stride * stride * stride + x % stride] = mask.values[row + across[x]]
            }
        }
        return cells
    }

    /** Writes to [into], for each pixel of the photo's [row], whether it is damaged. */
    fun row(
        row: Int,
        into: BooleanArray,
    ) {
        val start = row / factor * mask.width
        for (column in into.indices) into[column] = mask.values[start + column / factor]
    }

    companion object {
        /** A damage mask painted by a person on a copy of the photo: bright is damaged. */
        fun painted(picture: Picture): Damage {
            val line = IntArray(picture.width * picture.colours)
            val mask = Mask(picture.height, picture.width)
            for (row in 0 until picture.height) {
                picture.read(row, 0, picture.width, line, 0)
                val first = row * mask.width
                for (i in line.indices) {
                    if (2 * line[i] >= picture.top) mask.values[first + i / picture.colours] = true
                }
            }
            return Damage(mask, 1)
        }
    }
}
