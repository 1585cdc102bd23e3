package org.heirloom.core

/**
 * Adds residuals, stored by [spec], to a photo's pixels, in place. [gray]: gives all colours the same
 * change.
 */
class Stitcher(
    private val pixels: Pixels,
    private val spec: Tensor,
    private val stride: Int,
    strength: Double,
    gray: Boolean,
) {
    private val gray = gray || pixels.colours == 1
    private val gain = (strength * pixels.top).toFloat()
    private val levels = if (spec.dtype == DataType.FLOAT32) null else realLevels(spec)
    private val changes = levels?.let { real -> IntArray(256) { rounded(real[it]) } }

    /** Adds [residual] cells at the cells of [keep]. */
    fun add(
        keep: Box,
        residual: Stored,
    ) {
        val box = keep.scaled(stride)
        val count = minOf(box.right, pixels.width) - box.left
        val change = IntArray(box.columns * 3)
        val line = IntArray(count * pixels.colours)
        for (row in box.top until minOf(box.bottom, pixels.height)) {
            change(residual, keep, row - box.top, change)
            pixels.read(row, box.left, count, line, 0)
            val step = 3 / pixels.colours
            for (i in line.indices) line[i] = (line[i] + change[i * step]).coerceIn(0, pixels.top)
            pixels.write(row, box.left, count, line, 0)
        }
    }

    /** The changes of a row of pixels, 3 for each, from the cells that hold it. */
    private fun change(
        residual: Stored,
        keep: Box,
        row: Int,
        into: IntArray,
    ) {
        val run = stride * 3
        for (column in 0 until keep.columns) {
            val cell = (row / stride * keep.columns + column) * stride + row % stride
            for (pixel in 0 until stride) {
                val from = cell * run + pixel * 3
                val to = column * run + pixel * 3
                if (gray) {
                    val sum = real(residual, from) + real(residual, from + 1) + real(residual, from + 2)
                    into.fill(rounded(sum / 3), to, to + 3)
                } else {
                    for (i in 0 until 3) into[to + i] = changed(residual, from + i)
                }
            }
        }
    }

    private fun changed(
        residual: Stored,
        at: Int,
    ) = when (residual) {
        is Int8Values -> changes!![residual.values[at].toInt() and 255]
        is FloatValues -> rounded(residual.values[at])
    }

    private fun real(
        residual: Stored,
        at: Int,
    ) = when (residual) {
        is Int8Values -> levels!![residual.values[at].toInt() and 255]
        is FloatValues -> residual.values[at]
    }

    /** No more than takes any sample to the other end: its sum with one must not overflow. */
    private fun rounded(real: Float) = Math.rint((real * gain).toDouble()).coerceIn(-LIMIT, LIMIT).toInt()

    private companion object {
        const val LIMIT = 65535.0
    }
}
