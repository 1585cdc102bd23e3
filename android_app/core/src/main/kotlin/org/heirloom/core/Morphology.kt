package org.heirloom.core

/*
 * Morphology with squares. Each pass goes over rows or columns and counts from pixel to pixel, in place, so
 * that a mask needs no further memory, whatever the square's size. Pixels outside of a mask are not set.
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

/** Grows the set pixels by [pixels] on every side, corners included, in place (dilation). */
fun grow(
    mask: Mask,
    pixels: Int,
) {
    for (down in listOf(true, false)) {
        for (backward in listOf(true, false)) spread(mask, pixels, down, backward)
    }
}

/** Keeps pixels that are set like the side - 1 pixels after them in their column ([down]) or row. */
private fun keepWhereFollowed(
    mask: Mask,
    side: Int,
    down: Boolean,
) = count(mask, down, backward = true, min = side) { count, isSet -> if (isSet) count + 1 else 0 }

/** Sets the [pixels] after each set pixel, or before it. */
private fun spread(
    mask: Mask,
    pixels: Int,
    down: Boolean,
    backward: Boolean,
) = count(mask, down, backward, min = 1) { count, isSet ->
    if (isSet) pixels + 1 else maxOf(0, count - 1)
}

/** Counts along each line by [next], from the previous count and the pixel; sets pixels from [min] on. */
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
