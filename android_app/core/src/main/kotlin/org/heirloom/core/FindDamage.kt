package org.heirloom.core

/**
 * The damage of a photo, or null if there is none or detection is off.
 *
 * A mask of the whole photo counts as none, for nothing is left to fill it from.
 */
internal fun findDamage(
    parts: LoadedParts,
    pixels: Pixels,
    scratches: Scratches,
): Damage? {
    val found =
        when (scratches) {
            is Scratches.Off -> null
            is Scratches.Auto -> detected(parts, pixels)
            is Scratches.Painted -> scratches.damage
        }
    return found?.takeIf { it.mask.any() && !it.mask.all() }
}

private fun detected(
    parts: LoadedParts,
    pixels: Pixels,
): Damage? {
    val rule = parts.manifest.detection
    val factor = ceilDiv(maxOf(pixels.height, pixels.width), rule.largestSide)
    val picture = Shrunk(pixels, factor)
    val levels = damageLevels(parts["scratch"], picture, rule)
    val faces = { faceAreas(parts, pixels).map { it.scaled(factor) } }
    return Damage(damageMask(levels, picture, faces, rule), factor)
}

/** The photo's faces, of any size. */
private fun faceAreas(
    parts: LoadedParts,
    pixels: Pixels,
): List<FaceArea> {
    if ("finder" !in parts) return emptyList()
    val factor = parts.workingFactor(pixels)
    val small = shrink(pixels, factor)
    return findFaces(parts["finder"], pixels, small, factor, parts.manifest.finderThreshold, 0.0).map {
        val box = it.box()
        FaceArea(box.left.toInt(), box.top.toInt(), box.width.toInt(), box.height.toInt())
    }
}

/** Throws [PhotoError] unless a painted mask has the photo's size. */
internal fun checkSize(
    damage: Damage,
    pixels: Pixels,
) {
    val (mask, factor) = damage.mask to damage.factor
    if (mask.height != ceilDiv(pixels.height, factor) || mask.width != ceilDiv(pixels.width, factor)) {
        throw PhotoError(
            "The mask has ${mask.width}x${mask.height} squares of $factor pixels, and the photo " +
                "${pixels.width}x${pixels.height} pixels: paint it on a copy of the photo.",
        )
    }
}
