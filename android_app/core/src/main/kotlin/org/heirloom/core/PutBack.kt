package org.heirloom.core

/** The unit of a stored change: a 64th of an 8-bit photo's level. A Short holds the largest change. */
internal const val CHANGE_STEP = 1.0 / (64 * 255)

/**
 * Adds the [changes] ([FACE_SIDE] squared, three colours, in steps of a 64th of a level) to the [faces], in
 * place.
 *
 * Each is added under a mask that fades out around the face, in proportion to its size, so that nothing
 * outside of it changes. Where faces overlap each has its share, whatever their order. [gray]: gives all
 * colours the same.
 */
fun putBack(
    pixels: Pixels,
    faces: List<Face>,
    changes: List<ShortArray>,
    strength: Double,
    gray: Boolean,
) {
    val regions = faces.map { region(it.alignment.inverse(), FACE_SIDE, pixels) }
    for (i in faces.indices) {
        val others = faces.indices.filter { it != i && regions[i].meets(regions[it]) }
        val change = layers(matched(changes[i], gray), (strength * pixels.top).toFloat())
        addChange(pixels, regions[i], faces[i].alignment, change, others.map { faces[it].alignment })
    }
}

/** The change minus its mean in the fading rim, so that the face matches its surroundings. */
private fun matched(
    steps: ShortArray,
    gray: Boolean,
): FloatArray {
    val change = FloatArray(steps.size) { steps[it] * CHANGE_STEP.toFloat() }
    val weights = FloatArray(FEATHER.size) { FEATHER[it] * (1 - FEATHER[it]) }
    val rim = FloatArray(3)
    for (i in change.indices) rim[i % 3] += weights[i / 3] * change[i]
    val weight = sum(weights)
    for (i in 0 until 3) rim[i] /= weight
    for (i in change.indices) change[i] -= rim[i % 3]
    if (gray) {
        for (i in change.indices step 3) {
            change.fill((change[i] + change[i + 1] + change[i + 2]) / 3, i, i + 3)
        }
    }
    return change
}

/** The change in levels, and the mask under which it is added: four channels. */
private fun layers(
    change: FloatArray,
    gain: Float,
): FloatPlane {
    val layers = FloatPlane(FACE_SIDE, FACE_SIDE, 4)
    for (i in FEATHER.indices) {
        for (c in 0 until 3) layers.values[i * 4 + c] = change[i * 3 + c] * gain * FEATHER[i]
        layers.values[i * 4 + 3] = FEATHER[i]
    }
    return layers
}

private fun addChange(
    pixels: Pixels,
    region: Box,
    alignment: Similarity,
    layers: FloatPlane,
    others: List<Similarity>,
) {
    val mask = FloatPlane(FACE_SIDE, FACE_SIDE, 1, FEATHER)
    val colours = pixels.colours
    val line = IntArray(region.columns * colours)
    val mine = FloatArray(4)
    val theirs = FloatArray(1)
    for (row in region.top until region.bottom) {
        pixels.read(row, region.left, region.columns, line, 0)
        for (column in 0 until region.columns) {
            val x = (region.left + column).toDouble()
            val y = row.toDouble()
            val atX = alignment.x(x, y)
            val atY = alignment.y(x, y)
            if (!layers.holds(atX, atY)) continue
            layers.sample(atX, atY, mine)
            var shared = 0f
            for (other in others) {
                val otherX = other.x(x, y)
                val otherY = other.y(x, y)
                if (!mask.holds(otherX, otherY)) continue
                mask.sample(otherX, otherY, theirs)
                shared += theirs[0]
            }
            val total = maxOf(mine[3] + shared, 1f)
            for (i in 0 until 3) mine[i] /= total
            val at = column * colours
            if (colours == 1) {
                line[at] = added(line[at], (mine[0] + mine[1] + mine[2]) / 3, pixels.top)
            } else {
                for (i in 0 until 3) line[at + i] = added(line[at + i], mine[i], pixels.top)
            }
        }
        pixels.write(row, region.left, region.columns, line, 0)
    }
}

private fun added(
    level: Int,
    change: Float,
    top: Int,
) = Math.rint((level + change).toDouble()).toInt().coerceIn(0, top)

/** The pairwise sum, equal to the reference's in a float's last bits. */
internal fun sum(
    values: FloatArray,
    start: Int = 0,
    count: Int = values.size,
): Float {
    if (count > 128) {
        val half = count / 2 - count / 2 % 8
        return sum(values, start, half) + sum(values, start + half, count - half)
    }
    val sums = FloatArray(8) { values[start + it] }
    for (i in 8 until count) sums[i % 8] += values[start + i]
    return sums[0] + sums[1] + (sums[2] + sums[3]) + (sums[4] + sums[5] + (sums[6] + sums[7]))
}
