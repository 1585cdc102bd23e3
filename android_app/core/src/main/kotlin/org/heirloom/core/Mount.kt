package org.heirloom.core

import kotlin.math.abs

/** Longer side in pixels of the picture that is searched for a mount. */
private const val LARGEST_SIDE = 1024

/** Maximum number of borders within each other: a scanner's lid, a page and a print's own border. */
private const val MAX_BORDERS = 3

/** Shorter side in pixels of the smallest picture with a mount. */
private const val SMALLEST_SIDE = 32

/** Levels by which three fifths of the outermost pixels may differ from their median colour. */
private const val MAX_SPREAD = 16

/** The least and the most levels by which the mount's pixels may differ from its colour. */
private const val MIN_TOLERANCE = 10
private const val MAX_TOLERANCE = 32

/** Minimum number of sides with a border. */
private const val MIN_SIDES = 3

/** A border of one colour: [colour] is red, green and blue in 8 bits, its pixels lie outside [inside]. */
private class Border(
    val colour: IntArray,
    val tolerance: Int,
    val inside: Box,
) {
    /** The pixels of [box] that are not of the border's colour. */
    fun strange(
        picture: Picture,
        box: Box,
    ): Mask {
        val mask = Mask(box.rows, box.columns)
        val window = Window(picture, box.left, box.right)
        val line = IntArray(box.columns * 3)
        for (row in 0 until box.rows) {
            window.read(box.top + row, line)
            for (column in 0 until box.columns) {
                val first = column * 3
                mask.values[row * box.columns + column] =
                    (0..2).any { abs(line[first + it] - colour[it]) > tolerance }
            }
        }
        return mask
    }
}

/**
 * The picture within a photo's mount (an album page, a white border), in pixels; null where there is none.
 *
 * A mount has one colour on at least three sides, and at its inner edge nearly all pixels stop having it at
 * once. It is found in the photo shrunk, then its edges are placed in the photo's own pixels.
 */
fun findPicture(pixels: Picture): Box? {
    val factor = ceilDiv(maxOf(pixels.height, pixels.width), LARGEST_SIDE)
    val small = shrink(pixels, factor)
    var seen = Box(0, 0, small.height, small.width)
    var exact = Box(0, 0, pixels.height, pixels.width)
    val whole = exact
    for (i in 0 until MAX_BORDERS) {
        val border = findBorder(small, seen) ?: break
        exact = placed(pixels, border, seen, exact, factor)
        seen = border.inside
    }
    return exact.takeIf { it != whole }
}

/** The outermost border in the part of [picture] in [box]; null if it has none. */
private fun findBorder(
    picture: ArrayPixels,
    box: Box,
): Border? {
    val (height, width) = box.rows to box.columns
    val least = minOf(height, width)
    if (least < SMALLEST_SIDE) return null
    val outermost = outermost(picture, box, maxOf(1, least / 128))
    val colour = IntArray(3) { c -> outermost.map { it[c] }.sorted()[outermost.size / 2] }
    val spreads = outermost.map { pixel -> (0..2).maxOf { abs(pixel[it] - colour[it]) } }.sorted()
    val spread = spreads[spreads.size * 3 / 5]
    if (spread > MAX_SPREAD) return null
    val tolerance = (2 * spread + 6).coerceIn(MIN_TOLERANCE, MAX_TOLERANCE)
    val strange = Border(colour, tolerance, box).strange(picture, box)
    val found = span(strange, maxOf(1, least / 100)) ?: return null
    val thick = maxOf(2, least / 100)
    val top = found.top >= thick
    val bottom = height - found.bottom >= thick
    val left = found.left >= thick
    val right = width - found.right >= thick
    if (listOf(top, bottom, left, right).count { it } < MIN_SIDES) return null
    val inside =
        Box(
            if (top) found.top else 0,
            if (left) found.left else 0,
            if (bottom) found.bottom else height,
            if (right) found.right else width,
        )
    if (5 * inside.rows < height || 5 * inside.columns < width) return null
    if (!sharp(strange, inside, top, bottom)) return null
    val lying = Mask(width, height)
    for (at in lying.values.indices) lying.values[at] = strange.values[at % height * width + at / height]
    val turned = Box(inside.left, inside.top, inside.right, inside.bottom)
    if (!sharp(lying, turned, left, right)) return null
    return Border(colour, tolerance, inside.moved(box.top, box.left))
}

/** The pixels of the outermost [rim] lines on every side; a corner's count twice. */
private fun outermost(
    picture: ArrayPixels,
    box: Box,
    rim: Int,
): List<IntArray> {
    val strips =
        listOf(
            Box(box.top, box.left, box.top + rim, box.right),
            Box(box.bottom - rim, box.left, box.bottom, box.right),
            Box(box.top, box.left, box.bottom, box.left + rim),
            Box(box.top, box.right - rim, box.bottom, box.right),
        )
    val pixels = ArrayList<IntArray>()
    for (strip in strips) {
        for (row in strip.top until strip.bottom) {
            for (column in strip.left until strip.right) {
                pixels.add(IntArray(3).also { picture.read(row, column, 1, it, 0) })
            }
        }
    }
    return pixels
}

/** The rows and columns that hold at least half as many strange pixels as the fullest one does. */
private fun span(
    strange: Mask,
    gap: Int,
): Box? {
    var box = Box(0, 0, strange.height, strange.width)
    // Once more as soon as the border's own rows and columns are left out.
    for (i in 0 until 3) {
        val (top, bottom) = ends(rowCounts(strange, box), gap) ?: return null
        val rows = Box(top, 0, bottom, strange.width)
        val (left, right) = ends(columnCounts(strange, rows), gap) ?: return null
        box = Box(top, left, bottom, right)
    }
    return box
}

private fun ends(
    counts: IntArray,
    gap: Int,
): Pair<Int, Int>? {
    if (counts.all { it == 0 }) return null
    val first = first(counts, gap)
    val last = counts.size - first(counts.reversedArray(), gap)
    return if (first < last) first to last else null
}

/**
 * The first line of the picture, from the strange pixels in each: what more than [gap] empty lines part
 * from the picture, within a fifth of the whole, is writing on the mount.
 */
private fun first(
    counts: IntArray,
    gap: Int,
): Int {
    val most = counts.max()
    var start = counts.indexOfFirst { 2 * it >= most }
    var empty = 0
    for (line in start until minOf(counts.size, start + counts.size / 5)) {
        if (10 * counts[line] <= most) {
            empty++
            continue
        }
        if (empty > gap) {
            val later = (line until counts.size).firstOrNull { 2 * counts[it] >= most }
            start = later ?: start
        }
        empty = 0
    }
    return start
}

private fun rowCounts(
    mask: Mask,
    box: Box,
) = IntArray(mask.height) { row -> count(mask, Box(row, box.left, row + 1, box.right)) }

private fun columnCounts(
    mask: Mask,
    box: Box,
): IntArray {
    val counts = IntArray(mask.width)
    for (row in box.top until box.bottom) {
        for (column in counts.indices) if (mask.values[row * mask.width + column]) counts[column]++
    }
    return counts
}

private fun count(
    mask: Mask,
    box: Box,
): Int {
    var count = 0
    for (row in box.top until box.bottom) {
        for (column in box.left until box.right) if (mask.values[row * mask.width + column]) count++
    }
    return count
}

/**
 * Whether the border ends at the [top] and at the [bottom] of [inside], as far as it has these sides: a line
 * just within must be strange in half of its pixels, one just without in no more than a fifth, and the whole
 * side in no more than a quarter.
 */
private fun sharp(
    strange: Mask,
    inside: Box,
    top: Boolean,
    bottom: Boolean,
): Boolean {
    val height = strange.height
    val slack = maxOf(1, minOf(height, strange.width) / 100)

    fun line(row: Int) = count(strange, Box(row, inside.left, row + 1, inside.right))

    fun ends(
        side: Box,
        within: Int,
        without: Int,
    ) = 2 * line(within.coerceIn(inside.top, inside.bottom - 1)) >= inside.columns &&
        5 * line(without.coerceIn(0, height - 1)) <= inside.columns &&
        4 * count(strange, side) <= side.rows * side.columns

    val above = Box(0, inside.left, inside.top, inside.right)
    val below = Box(inside.bottom, inside.left, height, inside.right)
    return (!top || ends(above, inside.top + slack, inside.top - 1 - slack)) &&
        (!bottom || ends(below, inside.bottom - 1 - slack, inside.bottom + slack))
}

/**
 * The inner edges of [border], which was found in [seen] of the photo shrunk by [factor], in the photo's own
 * pixels: the outermost lines that hold at least half as many strange pixels as the fullest one near them.
 * A side without a border stays as in [exact].
 */
private fun placed(
    pixels: Picture,
    border: Border,
    seen: Box,
    exact: Box,
    factor: Int,
): Box {
    val inside = border.inside
    if (factor == 1) return inside
    val whole = inside.scaled(factor)
    val bottom = minOf(pixels.height, whole.bottom)
    val right = minOf(pixels.width, whole.right)

    fun edge(
        at: Int,
        step: Int,
        length: Int,
        counts: (Int, Int) -> IntArray,
    ): Int {
        val ends = listOf((at - step) * factor, (at + 2 * step) * factor)
        val low = maxOf(0, ends.min())
        val lines = counts(low, minOf(length, ends.max()))
        val least = maxOf(1, lines.max())
        val line = if (step > 0) lines.indexOfFirst { 2 * it >= least } else lines.indexOfLast { 2 * it >= least }
        return if (line < 0) at * factor else low + line + (if (step > 0) 0 else 1)
    }

    fun row(
        at: Int,
        step: Int,
    ) = edge(at, step, pixels.height) { low, high ->
        val box = Box(low, whole.left, high, right)
        val mask = border.strange(pixels, box)
        rowCounts(mask, Box(0, 0, box.rows, box.columns))
    }

    fun column(
        at: Int,
        step: Int,
    ) = edge(at, step, pixels.width) { low, high ->
        val box = Box(whole.top, low, bottom, high)
        val mask = border.strange(pixels, box)
        columnCounts(mask, Box(0, 0, box.rows, box.columns))
    }
    return Box(
        if (inside.top > seen.top) row(inside.top, 1) else exact.top,
        if (inside.left > seen.left) column(inside.left, 1) else exact.left,
        if (inside.bottom < seen.bottom) row(inside.bottom, -1) else exact.bottom,
        if (inside.right < seen.right) column(inside.right, -1) else exact.right,
    )
}
