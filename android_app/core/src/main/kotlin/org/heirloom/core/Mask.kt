package org.heirloom.core

/** A set of a picture's pixels: [height] x [width] Booleans, row-major. */
class Mask(
    val height: Int,
    val width: Int,
    val values: BooleanArray = BooleanArray(height * width),
) {
    init {
        require(values.size == height * width) { "${values.size} values for ${height}x$width" }
    }

    /** Number of set pixels. */
    val count get() = values.count { it }

    /** Whether any pixel is set. */
    fun any() = values.any { it }

    /** Whether every pixel is set. */
    fun all() = values.all { it }

    /** A copy of the part in [box]. */
    fun cut(box: Box): Mask {
        val part = Mask(box.rows, box.columns)
        for (row in 0 until box.rows) {
            val from = (box.top + row) * width + box.left
            System.arraycopy(values, from, part.values, row * box.columns, box.columns)
        }
        return part
    }

    /** Clears the pixels that are set in [part], which lies in [box]. */
    fun clear(
        part: Mask,
        box: Box,
    ) {
        for (row in 0 until part.height) {
            val first = (box.top + row) * width + box.left
            for (column in 0 until part.width) {
                if (part.values[row * part.width + column]) values[first + column] = false
            }
        }
    }
}
