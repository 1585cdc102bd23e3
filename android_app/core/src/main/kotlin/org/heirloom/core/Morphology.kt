package org.heirloom.core

/*
 * Squares in masks. Each pass goes over rows or columns and counts from pixel to pixel, in place, so that a
 * mask costs no more than itself whatever the square's size. What lies outside of a mask is not set.
 */

/** The parts of [mask] in [box] into which a square of [side] pixels fits: morphological opening. */
fun opened(
    mask: Mask,
    side: Int,
    box: Box = Box(0, 0, mask.height, mask.width),
): Mask {
    val fits = mask.cut(box)
    for (down in listOf(true, false)) keepWhereFollowed(fits, side, down)
    for (down in listOf(true, false)) spread(fits, side - 1, down, backward = false)
    return fits
}

/** Sets the [pixels] around what is set, corners included, in place. */
fun grow(
    mask: Mask,
    pixels: Int,
) {
    for (down in listOf(true, false)) {
        for (backward in listOf(true, false)) spread(mask, pixels, down, backward)
    }
}

/** Keeps what is set together with the side - 1 pixels after it: in its column ([down]) or row. */
private fun keepWhereFollowed(
    mask: Mask,
    side: Int,
    down: Boolean,
) = count(mask, down, backward = true, min = side) { count, isSet -> if (isSet) count + 1 else 0 }

/** Sets the [pixels] after what is set, or before it. */
private fun spread(
    mask: Mask,
    pixels: Int,
    down: Boolean,
    backward: Boolean,
) = count(mask, down, backward, min = 1) { count, isSet ->
    if (isSet) pixels + 1 else maxOf(0, count - 1)
}

/** [next] makes a pixel's count of its neighbour's and of the pixel, which is set from [min] on. */
private inline fun count(
    mask: Mask,
    down: Boolean,
    backward: Boolean,
    min: Int,
    next: (Int, Boolean) -> Int,
) {
    val counts = IntArray(if (down) mask.width else mask.height)
    for (i in 0 until mask.height) {
        val row = if (backward) mask.height - 1 - i else i
        for (j in 0 until mask.width) {
            val column = if (backward) mask.width - 1 - j else j
            val line = if (down) column else row
            val at = row * mask.width + column
            counts[line] = next(counts[line], mask.values[at])
            mask.values[at] = counts[line] >= min
        }
    }
}
