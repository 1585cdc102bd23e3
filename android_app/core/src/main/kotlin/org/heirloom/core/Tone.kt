package org.heirloom.core

import kotlin.math.abs

/**
 * Minimum mean change of the photo's own levels at which curves are applied: smaller ones are the network's
 * uncertainty, and a good photo must stay unchanged.
 */
internal const val MIN_TONE_CHANGE = 0.03

/** Knots are rounded to 1/1024, so that the last bits of a float library don't decide a pixel's level. */
private const val CURVE_GRID = 1024.0

/** Mean colour in each of [side] x [side] squares of the shrunk photo [small], 0..1: [side], [side], 3. */
fun thumbnail(
    small: ArrayPixels,
    side: Int,
): FloatArray {
    val thumbnail = FloatArray(side * side * 3)
    for (row in 0 until side) {
        // Squares overlap where a side is not a multiple.
        val top = row * small.height / side
        val bottom = ceilDiv((row + 1) * small.height, side)
        for (column in 0 until side) {
            val left = column * small.width / side
            val right = ceilDiv((column + 1) * small.width, side)
            for (colour in 0 until 3) {
                val level = mean(small, Box(top, left, bottom, right), colour)
                thumbnail[(row * side + column) * 3 + colour] = (level / 255).toFloat()
            }
        }
    }
    return thumbnail
}

private fun mean(
    small: ArrayPixels,
    box: Box,
    colour: Int,
): Double {
    var sum = 0L
    for (y in box.top until box.bottom) {
        for (x in box.left until box.right) {
            sum += small.values[(y * small.width + x) * 3 + colour].toLong() and 255
        }
    }
    return sum.toDouble() / (box.rows.toLong() * box.columns)
}

/** A curve for each of three colours: [knots] at equal distances from black to white, colour by colour. */
class Curves(
    val knots: DoubleArray,
) {
    private val count = knots.size / 3

    /** The mean of the curves, for all colours. */
    fun mean() = Curves(DoubleArray(knots.size) { meanKnot(it % count) })

    /** The mean change of the levels of [small] by the curves, 0..1. */
    fun change(small: ArrayPixels): Double {
        val histogram = Array(3) { IntArray(256) }
        for (i in small.values.indices) histogram[i % 3][small.values[i].toInt() and 255]++
        var sum = 0.0
        for (colour in 0 until 3) {
            var moved = 0.0
            for (level in 0..255) {
                val at = level / 255.0
                moved += histogram[colour][level] * abs(curve(of(colour), at) - at)
            }
            sum += moved / (small.height * small.width)
        }
        return sum / 3
    }

    /** Maps the colours of [pixels] by their curves, in place. */
    fun apply(
        pixels: Pixels,
        strength: Double,
    ) {
        val lookups = Array(3) { lookup(of(it), pixels.top, strength) }
        eachRow(pixels) { line ->
            for (i in line.indices) line[i] = lookups[i % 3][line[i]]
        }
    }

    /**
     * Moves the lightness of [pixels] along the mean curve, in place. All colours of a pixel change by the
     * same number of levels, so that a photo of one hue keeps it.
     */
    fun applyToLightness(
        pixels: Pixels,
        strength: Double,
    ) {
        val lookup = lookup(DoubleArray(count, ::meanKnot), pixels.top, strength)
        eachRow(pixels) { line ->
            for (at in line.indices step pixels.colours) {
                val light = if (pixels.colours == 1) line[at] else lightness(line, at)
                val change = lookup[light] - light
                for (i in at until at + pixels.colours) line[i] = (line[i] + change).coerceIn(0, pixels.top)
            }
        }
    }

    private fun of(colour: Int) = knots.copyOfRange(colour * count, (colour + 1) * count)

    private fun meanKnot(index: Int) = (knots[index] + knots[count + index] + knots[2 * count + index]) / 3

    companion object {
        /**
         * Curves from the tone network's steps, as many for each of three colours: the first is the value
         * at black, later ones are rises; negative rises count as none. Knots may lie outside 0..1: a curve
         * is clipped between its knots, as in training, and not at them.
         */
        fun from(steps: FloatArray): Curves {
            val count = steps.size / 3
            val knots = DoubleArray(steps.size)
            for (colour in 0 until 3) {
                var sum = 0.0
                for (i in 0 until count) {
                    val step = steps[colour * count + i].toDouble()
                    sum += if (i == 0) step else maxOf(step, 0.0)
                    knots[colour * count + i] = Math.rint(sum * CURVE_GRID) / CURVE_GRID
                }
            }
            return Curves(knots)
        }
    }
}

private inline fun eachRow(
    pixels: Pixels,
    change: (IntArray) -> Unit,
) {
    val line = IntArray(pixels.width * pixels.colours)
    for (row in 0 until pixels.height) {
        pixels.read(row, 0, pixels.width, line, 0)
        change(line)
        pixels.write(row, 0, pixels.width, line, 0)
    }
}

/** The new level of each level. */
private fun lookup(
    knots: DoubleArray,
    top: Int,
    strength: Double,
) = IntArray(top + 1) {
    val at = it / top.toDouble()
    Math.rint((at + strength * (curve(knots, at) - at)) * top).toInt()
}

/** A curve's value at [x] in 0..1, by the same operations as the reference. */
private fun curve(
    knots: DoubleArray,
    x: Double,
): Double {
    val last = knots.size - 1
    val step = 1.0 / last
    var knot = minOf((x * last).toInt(), last)
    // The product may lie on the other side of a knot than x itself.
    while (knot > 0 && knot * step > x) knot--
    while (knot < last && position(knot + 1, last, step) <= x) knot++
    val from = position(knot, last, step)
    if (knot == last || from == x) return knots[knot].coerceIn(0.0, 1.0)
    val slope = (knots[knot + 1] - knots[knot]) / (position(knot + 1, last, step) - from)
    return (slope * (x - from) + knots[knot]).coerceIn(0.0, 1.0)
}

private fun position(
    knot: Int,
    last: Int,
    step: Double,
) = if (knot == last) 1.0 else knot * step
