package org.heirloom.core

import kotlin.math.abs

/** Weights of red, green and blue in lightness, in 256ths. */
private const val RED = 77
private const val GREEN = 150
private const val BLUE = 29

/** Levels by which red and blue, relative to green, may differ from the mean at a pixel's lightness. */
private const val TOLERANCE = 10

/** Minimum share of a photo's pixels within the tolerance for it to have one hue. */
private const val SHARE = 0.98

/** Levels by which the lightness of a sheet without a picture may differ from its mean, noise included. */
private const val FLAT = 8

private const val BINS = 32

/** Lightness of a pixel in its own levels, rounded; its three colours lie in [line] from [at] on. */
fun lightness(
    line: IntArray,
    at: Int,
): Int = (RED * line[at] + GREEN * line[at + 1] + BLUE * line[at + 2] + 128) shr 8

/**
 * Whether a shrunk photo in colour is gray or toned in one hue (sepia, cyanotype): its colour depends on its
 * lightness alone. Integers only, so that every platform decides alike.
 */
fun oneHue(small: ArrayPixels): Boolean {
    val counts = LongArray(BINS)
    val red = LongArray(BINS)
    val blue = LongArray(BINS)
    eachPixel(small) { line, at ->
        val bin = bin(line, at)
        counts[bin]++
        red[bin] += (line[at] - line[at + 1]).toLong()
        blue[bin] += (line[at + 2] - line[at + 1]).toLong()
    }
    for (bin in 0 until BINS) {
        val count = maxOf(1, counts[bin])
        red[bin] = red[bin].floorDiv(count)
        blue[bin] = blue[bin].floorDiv(count)
    }
    var within = 0
    eachPixel(small) { line, at ->
        val bin = bin(line, at)
        val isUsual =
            abs(line[at] - line[at + 1] - red[bin]) <= TOLERANCE &&
                abs(line[at + 2] - line[at + 1] - blue[bin]) <= TOLERANCE
        if (isUsual) within++
    }
    return within >= SHARE * (small.height * small.width)
}

/**
 * Whether a shrunk photo in colour is a sheet without a picture, whose tone nothing tells: [SHARE] of its pixels
 * have much the same lightness.
 */
fun isFlat(small: ArrayPixels): Boolean {
    var sum = 0L
    eachPixel(small) { line, at -> sum += lightness(line, at) }
    val mean = sum / (small.height * small.width)
    var within = 0
    eachPixel(small) { line, at -> if (abs(lightness(line, at) - mean) <= FLAT) within++ }
    return within >= SHARE * (small.height * small.width)
}

private fun bin(
    line: IntArray,
    at: Int,
) = lightness(line, at) / (256 / BINS)

private inline fun eachPixel(
    small: ArrayPixels,
    use: (IntArray, Int) -> Unit,
) {
    val line = IntArray(small.width * 3)
    for (row in 0 until small.height) {
        small.read(row, 0, small.width, line, 0)
        for (at in line.indices step 3) use(line, at)
    }
}
