package org.heirloom.core

/*
 * Damage detection: the detector runs over an image pyramid, and a rule makes a mask of its probabilities.
 * A crack of three pixels shows at full size, a torn corner only where the whole photo fits into the
 * network's view; so the probabilities of all sizes are merged by their maximum. Intact areas must not be
 * filled: thick regions count only where they look like bare paper, and inside faces only thin cracks.
 */

/** The box of a face, in pixels; it may reach beyond the picture. */
data class FaceArea(
    val left: Int,
    val top: Int,
    val width: Int,
    val height: Int,
) {
    /** The area in a picture [factor] times smaller. */
    fun scaled(factor: Int) =
        FaceArea(
            left.floorDiv(factor),
            top.floorDiv(factor),
            width.floorDiv(factor),
            height.floorDiv(factor),
        )

    /** The part that lies in a picture of [rows] x [columns] pixels, which may be empty. */
    fun box(
        rows: Int,
        columns: Int,
    ): Box {
        val (y, x) = minOf(rows, maxOf(0, top)) to minOf(columns, maxOf(0, left))
        return Box(y, x, maxOf(y, minOf(rows, top + height)), maxOf(x, minOf(columns, left + width)))
    }
}

/**
 * Damage probability of each pixel of a [picture] of 8 bits and three colours. The detector runs over the
 * picture and its halves down to the rule's smallest side.
 */
fun damageLevels(
    part: LoadedPart,
    picture: Picture,
    rule: Detection,
): DamageLevels {
    val levels = DamageLevels(picture.height, picture.width)
    var seen = picture
    for (halvings in sizes(picture.height, picture.width, rule).indices) {
        if (halvings > 0) seen = shrink(seen, 2)
        merge(part, seen, levels, 1 shl halvings)
    }
    return levels
}

/** Multiply-accumulates of [damageLevels] for a picture of [height] x [width] pixels. */
internal fun detectionCost(
    part: LoadedPart,
    height: Int,
    width: Int,
    rule: Detection,
): Long =
    sizes(height, width, rule).sumOf { (height, width) ->
        val area = Box(0, 0, ceilDiv(height, part.stride), ceilDiv(width, part.stride))
        part.cover(area).sumOf { part.cost(it.placement) }
    }

/** Height and width of a picture, and of the halves over which the detector runs. */
private fun sizes(
    height: Int,
    width: Int,
    rule: Detection,
): List<Pair<Int, Int>> {
    val sizes = arrayListOf(height to width)
    while (true) {
        val (rows, columns) = sizes.last()
        if (maxOf(rows, columns) / 2 < rule.smallestSide) return sizes
        sizes.add(ceilDiv(rows, 2) to ceilDiv(columns, 2))
    }
}

/** Merges the detector's levels of a [picture] that is [factor] times smaller into [levels], by maximum. */
private fun merge(
    part: LoadedPart,
    picture: Picture,
    levels: DamageLevels,
    factor: Int,
) {
    val stride = part.stride
    eachTile(part, picture) { keep, probability ->
        val box = keep.scaled(stride * factor)
        for (y in box.top until minOf(box.bottom, levels.height)) {
            val row = (y - box.top) / factor
            for (x in box.left until minOf(box.right, levels.width)) {
                val column = (x - box.left) / factor
                val cell = row / stride * keep.columns + column / stride
                val found = probability[(cell * stride + row % stride) * stride + column % stride]
                levels.raise(y * levels.width + x, minOf(found * 256, 255f).toInt())
            }
        }
    }
}

/**
 * The damage mask, from the merged [levels] of a [picture] of 8 bits and three colours; its faces are looked
 * for where anything may count.
 */
fun damageMask(
    levels: DamageLevels,
    picture: Picture,
    findFaces: () -> List<FaceArea>,
    rule: Detection,
): Mask {
    val mask = hysteresis(levels, rule.high, rule.low, rule.large)
    dropThick(mask, levels, picture, rule)
    if (mask.values.count { it }.toLong() * rule.thinFrom >= maxOf(1, mask.values.size)) {
        // Where much is surely damaged, what is likely is damage more often than not.
        val thin = hysteresis(levels, rule.thinHigh, rule.thinLow)
        val thick = opened(thin, thickness(thin, rule.thin))
        for (place in mask.values.indices) {
            if (thin.values[place] && !thick.values[place]) mask.values[place] = true
        }
    }
    if (mask.any()) keepThin(mask, findFaces(), rule)
    grow(mask, rule.grow)
    return mask
}

/** The regions of at least [low] that reach [high] somewhere, or hold one pixel in [large]. */
private fun hysteresis(
    levels: DamageLevels,
    high: Int,
    low: Int,
    large: Int = 0,
): Mask {
    val mask = Mask(levels.height, levels.width)
    val regions = Regions.find(levels.height, levels.width) { levels[it] >= low }
    val surest = regions.maxima(levels::read)
    val areas = regions.areas()
    regions.set(mask, true) { surest[it] >= high || areas[it] * large >= maxOf(1, mask.values.size) }
    return mask
}

/** The side of the square that fits into what is thick: the shorter side of [mask] divided by [part]. */
private fun thickness(
    mask: Mask,
    part: Int,
) = maxOf(2, minOf(mask.height, mask.width) / part)

/** Clears the thick regions of [mask] that are not certain or not flat, in place. */
private fun dropThick(
    mask: Mask,
    levels: DamageLevels,
    picture: Picture,
    rule: Detection,
) {
    val thick =
        opened(mask, thickness(mask, rule.thick)).let { parts ->
            Regions.find(parts.height, parts.width) { parts.values[it] }
        }
    if (thick.count == 0) return
    val areas = thick.areas()
    val sure = thick.sums(levels::read)
    val light = thick.sums(lightnessRows(picture) { it })
    val squares = thick.sums(lightnessRows(picture) { it * it })
    val maxSpread = 256L * rule.thickSpread
    thick.set(mask, false) { region ->
        val area = areas[region]
        // Mean and variance in 256ths and their squares: integers, so that every platform decides alike.
        val mean = 256 * light[region] / area
        val variance = 65536 * squares[region] / area - mean * mean
        sure[region] < rule.thickMean * area || variance > maxSpread * maxSpread
    }
}

private inline fun lightnessRows(
    picture: Picture,
    crossinline value: (Int) -> Int,
): Rows {
    val line = IntArray(picture.width * 3)
    return { row, into ->
        picture.read(row, 0, picture.width, line, 0)
        for (column in into.indices) into[column] = value(lightness(line, column * 3))
    }
}

/** Clears thick regions inside faces, in place; every face is judged on the mask as it was before any. */
private fun keepThin(
    mask: Mask,
    faces: List<FaceArea>,
    rule: Detection,
) {
    val boxes = faces.map { it.box(mask.height, mask.width) }
    val thick = faces.zip(boxes) { face, box -> opened(mask, maxOf(1, face.width / rule.faceThick), box) }
    for ((part, box) in thick.zip(boxes)) mask.clear(part, box)
}
