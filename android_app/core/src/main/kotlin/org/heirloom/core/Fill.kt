package org.heirloom.core

/*
 * The fill replaces damaged pixels by a weighted pyramid of the intact ones (push-pull).
 *
 * Down: each level holds the weighted mean of every 2x2 block, until a level has no gap; a block counts fully
 * once half of it is known. Up: the missing weight of a level is interpolated from the next coarser one.
 * Integer arithmetic only, so that every platform gets the same levels; intact pixels are never written.
 */

/**
 * Fills the damaged pixels of a photo in place; [strength], 0..1, blends them in. The levels lie in [store].
 * A photo without any intact pixel stays as it is.
 */
fun pushPull(
    pixels: Pixels,
    damage: Damage,
    strength: Double,
    store: LatentStore,
) {
    if (damage.mask.values.all { it }) return
    val levels = ArrayList<Level>()
    try {
        levels.add(Level.halfOf(pixels.height, pixels.width, pixels.colours, store))
        halve(pixels, damage, levels[0])
        while (!levels.last().isWhole && levels.last().height * levels.last().width > 1) {
            val last = levels.last()
            levels.add(Level.halfOf(last.height, last.width, last.colours, store))
            halve(last.height, last.width, levels.last(), last::read)
        }
        for (i in levels.size - 2 downTo 0) fill(levels[i], levels[i + 1])
        fill(pixels, damage, levels[0], strength)
    } finally {
        levels.forEach(Level::close)
    }
}

/** The first level: the photo halved. */
private fun halve(
    pixels: Pixels,
    damage: Damage,
    into: Level,
) {
    val isDamaged = BooleanArray(pixels.width)
    halve(pixels.height, pixels.width, into) { row, line ->
        pixels.read(row, 0, pixels.width, line.values, 0)
        if (pixels.top == 65535) {
            for (i in line.values.indices) line.values[i] = (line.values[i] + 128) / 257
        }
        damage.row(row, isDamaged)
        for (column in isDamaged.indices) line.weights[column] = if (isDamaged[column]) 0 else FULL
    }
}

/** The weighted mean of each 2x2 block, rounded; blocks at the border may be partial. */
private fun halve(
    height: Int,
    width: Int,
    into: Level,
    read: (Int, Level.Line) -> Unit,
) {
    val colours = into.colours
    val seen = Level.Line(width, colours)
    val means = Level.Line(into.width, colours)
    for (row in 0 until into.height) {
        means.clear()
        for (y in 2 * row until minOf(height, 2 * row + 2)) {
            read(y, seen)
            for (column in 0 until width) means.add(column / 2, seen, column)
        }
        for (column in 0 until into.width) {
            val total = means.weights[column]
            val divisor = maxOf(total, 1)
            for (at in column * colours until (column + 1) * colours) {
                means.values[at] = (means.values[at] + divisor / 2) / divisor
            }
            means.weights[column] = minOf((total + 1) / 2, FULL)
        }
        into.write(row, means)
    }
}

/** Interpolates the missing weight of [level], in place. */
private fun fill(
    level: Level,
    coarser: Level,
) {
    val line = Level.Line(level.width, level.colours)
    val far = Interpolation(coarser)
    for (row in 0 until level.height) {
        level.read(row, line)
        if (line.weights.all { it == FULL }) continue
        far.moveTo(row)
        for (column in 0 until level.width) {
            val known = line.weights[column]
            if (known == FULL) continue
            for (colour in 0 until level.colours) {
                val at = column * level.colours + colour
                val sum = 16 * known * line.values[at] + (FULL - known) * far.value(column, colour)
                line.values[at] = (sum + 8 * FULL) / (16 * FULL)
            }
        }
        level.write(row, line)
    }
}

/** Interpolates the photo's damaged pixels, in place. */
private fun fill(
    pixels: Pixels,
    damage: Damage,
    half: Level,
    strength: Double,
) {
    val depth = if (pixels.top == 65535) 257 else 1
    val isDamaged = BooleanArray(pixels.width)
    val line = IntArray(pixels.width * pixels.colours)
    val far = Interpolation(half)
    for (row in 0 until pixels.height) {
        damage.row(row, isDamaged)
        if (isDamaged.none { it }) continue
        far.moveTo(row)
        pixels.read(row, 0, pixels.width, line, 0)
        for (column in 0 until pixels.width) {
            if (!isDamaged[column]) continue
            for (colour in 0 until pixels.colours) {
                val at = column * pixels.colours + colour
                val filled = (far.value(column, colour) * depth + 8) shr 4
                line[at] += Math.rint(strength * (filled - line[at])).toInt()
            }
        }
        pixels.write(row, 0, pixels.width, line, 0)
    }
}
