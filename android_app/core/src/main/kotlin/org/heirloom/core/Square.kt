package org.heirloom.core

import kotlin.math.ceil
import kotlin.math.floor

/** The aligned face, [FACE_SIDE] pixels square; the photo's border pixels are repeated beyond it. */
internal fun take(
    pixels: Pixels,
    face: Face,
): ArrayPixels = square(pixels, face.alignment, FACE_SIDE)

/**
 * A square window of [side] pixels of a photo, in 8 bits and three colours; [alignment] maps the photo's
 * pixels to the window's. A photo that is shrunk is averaged first.
 */
fun square(
    pixels: Pixels,
    alignment: Similarity,
    side: Int,
): ArrayPixels {
    val back = alignment.inverse()
    val region = region(back, side, pixels)
    val factor = maxOf(1, back.scale.toInt())
    val small = shrink(pixels, factor, region)
    val plane = FloatPlane(small.height, small.width, 3)
    for (i in plane.values.indices) plane.values[i] = (small.values[i].toInt() and 255).toFloat()
    val square = ArrayPixels(side, side, 3)
    val sample = FloatArray(3)
    for (row in 0 until side) {
        for (column in 0 until side) {
            val x = back.x(column.toDouble(), row.toDouble()) - region.left
            val y = back.y(column.toDouble(), row.toDouble()) - region.top
            plane.sample(
                ((x + 0.5) / factor - 0.5).coerceIn(0.0, small.width - 1.0),
                ((y + 0.5) / factor - 0.5).coerceIn(0.0, small.height - 1.0),
                sample,
            )
            val at = (row * side + column) * 3
            for (i in 0 until 3) square.values[at + i] = Math.rint(sample[i].toDouble()).toInt().toByte()
        }
    }
    return square
}

/** The part of a photo under a square, which [back] maps to the photo's pixels. */
internal fun region(
    back: Similarity,
    side: Int,
    pixels: Pixels,
): Box {
    val near = -0.5
    val far = side - 0.5
    val corners = back.moved(doubleArrayOf(near, near, far, near, near, far, far, far))
    val x = corners.filterIndexed { i, _ -> i % 2 == 0 }
    val y = corners.filterIndexed { i, _ -> i % 2 == 1 }
    val top = floor(y.min()).toInt().coerceIn(0, pixels.height - 1)
    val left = floor(x.min()).toInt().coerceIn(0, pixels.width - 1)
    val bottom = minOf(ceil(y.max()).toInt() + 1, pixels.height)
    val right = minOf(ceil(x.max()).toInt() + 1, pixels.width)
    return Box(top, left, maxOf(top + 1, bottom), maxOf(left + 1, right))
}

/** Floats in rows, columns and channels, interpolated linearly. */
internal class FloatPlane(
    private val rows: Int,
    private val columns: Int,
    private val channels: Int,
    val values: FloatArray = FloatArray(rows * columns * channels),
) {
    /** Whether a place lies within the pixels' centres. */
    fun holds(
        x: Double,
        y: Double,
    ) = x >= 0 && y >= 0 && x <= columns - 1 && y <= rows - 1

    /** The values at a place within the pixels' centres, by the same operations as the reference. */
    fun sample(
        x: Double,
        y: Double,
        into: FloatArray,
    ) {
        val left = minOf(floor(x).toInt(), maxOf(columns - 2, 0))
        val upper = minOf(floor(y).toInt(), maxOf(rows - 2, 0))
        val right = minOf(left + 1, columns - 1)
        val lower = minOf(upper + 1, rows - 1)
        val across = (x - left).toFloat()
        val down = (y - upper).toFloat()
        for (i in 0 until channels) {
            val above = at(upper, left, i) * (1 - across) + at(upper, right, i) * across
            val below = at(lower, left, i) * (1 - across) + at(lower, right, i) * across
            into[i] = above * (1 - down) + below * down
        }
    }

    private fun at(
        row: Int,
        column: Int,
        channel: Int,
    ) = values[(row * columns + column) * channels + channel]
}
