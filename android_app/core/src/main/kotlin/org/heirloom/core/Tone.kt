package org.heirloom.core

import kotlin.math.abs

/**
 * Curves that on average move the photo's own levels by less are not applied: what is left of them is the
 * network's uncertainty, and a good photo must come out as it went in.
 */
internal const val LEAST_TONE_CHANGE = 0.03

/** Knots are rounded to 1/1024, so that the last bits of a float library don't decide a pixel's level. */
private const val CURVE_GRID = 1024.0

/**
 * Mean colour of the undamaged pixels in each of [side] x [side] squares, 0..1: [side], [side], 3.
 *
 * [small] is the shrunk photo, [damaged] a mask of its size. A square that is all damage gets the photo's
 * mean. Squares overlap where a side is not a multiple.
 */
fun thumbnail(
    small: ArrayPixels,
    damaged: BooleanArray?,
    side: Int,
): FloatArray {
    val skipped = damaged?.takeUnless { mask -> mask.all { it } }
    val overall = Mean().apply { add(small, skipped, 0, small.height, 0, small.width) }
    val thumbnail = FloatArray(side * side * 3)
    for (row in 0 until side) {
        val top = row * small.height / side
        val bottom = ceilDiv((row + 1) * small.height, side)
        for (column in 0 until side) {
            val left = column * small.width / side
            val right = ceilDiv((column + 1) * small.width, side)
            val mean = Mean().apply { add(small, skipped, top, bottom, left, right) }
            for (colour in 0 until 3) {
                val level = (if (mean.count > 0) mean else overall).of(colour)
                thumbnail[(row * side + column) * 3 + colour] = (level / 255).toFloat()
            }
        }
    }
    return thumbnail
}

private class Mean {
    var count = 0L
    private val sums = LongArray(3)

    fun add(
        small: ArrayPixels,
        skipped: BooleanArray?,
        top: Int,
        bottom: Int,
        left: Int,
        right: Int,
    ) {
        for (y in top until bottom) {
            for (x in left until right) {
                val at = y * small.width + x
                if (skipped != null && skipped[at]) continue
                count++
                for (colour in 0 until 3) sums[colour] += small.values[at * 3 + colour].toLong() and 255
            }
        }
    }

    fun of(colour: Int) = sums[colour].toDouble() / count
}

/** A curve for each of three colours: [knots] at equal distances from black to white, colour by colour. */
class Curves(
    val knots: DoubleArray,
) {
    private val count = knots.size / 3

    /** The mean of the curves, for all colours: a curve for each would tint a gray picture. */
    fun mean() = Curves(DoubleArray(knots.size) { meanKnot(it % count) })

    /** By how much the curves would move the levels of [small], on average, 0..1. */
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

    /** Sends [pixels] through the curves, in place; gray ones through their mean. */
    fun apply(
        pixels: Pixels,
        strength: Double,
    ) {
        val lookups =
            if (pixels.colours == 1) {
                arrayOf(lookup(DoubleArray(count, ::meanKnot), pixels.top, strength))
            } else {
                Array(3) { lookup(of(it), pixels.top, strength) }
            }
        val line = IntArray(pixels.width * pixels.colours)
        for (row in 0 until pixels.height) {
            pixels.read(row, 0, pixels.width, line, 0)
            for (i in line.indices) line[i] = lookups[i % lookups.size][line[i]]
            pixels.write(row, 0, pixels.width, line, 0)
        }
    }

    private fun of(colour: Int) = knots.copyOfRange(colour * count, (colour + 1) * count)

    private fun meanKnot(index: Int) = (knots[index] + knots[count + index] + knots[2 * count + index]) / 3

    companion object {
        /**
         * From the tone network's steps, as many for each of three colours: the first is the value at
         * black, later ones are rises; negative rises count as none. Knots may lie outside 0..1: a curve is
         * clipped between its knots, as in training, and not at them.
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

private fun lookup(
    knots: DoubleArray,
    top: Int,
    strength: Double,
) = IntArray(top + 1) {
    val at = it / top.toDouble()
    Math.rint((at + strength * (curve(knots, at) - at)) * top).toInt()
}

/** A curve's value at [x] in 0..1, in the very operations of the reference. */
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
