package org.heirloom.core

import java.math.BigDecimal
import java.math.RoundingMode

/** What was done to a photo, in order, and the faces that were found. */
data class Restored(
    val done: List<Done>,
    val faces: List<FaceRecord>,
    /** The part of the photo within its mount, in pixels, which alone is restored; null: it has no mount. */
    val picture: Box? = null,
)

/** Something done to a photo; [words] are those of the command line. */
sealed class Done(
    val words: String,
) {
    /** Only the picture within the mount was worked on. */
    object MountLeft : Done("mount left as it is")

    /** Damage on a [share] of the photo, 0..1, was filled. */
    class DamageFilled(
        val share: Double,
    ) : Done("damage on ${percent(share)} % of the photo filled")

    object ToneSet : Done("tone")

    object TilesRestored : Done("restored")

    class FacesRefined(
        val count: Int,
    ) : Done("$count ${if (count == 1) "face" else "faces"} refined")
}

private fun percent(share: Double) =
    BigDecimal(100 * share).setScale(1, RoundingMode.HALF_EVEN).toPlainString()

/** The record of a face that was found or marked. */
data class FaceRecord(
    /** The box, in whole pixels of the upright photo. */
    val left: Int,
    val top: Int,
    val width: Int,
    val height: Int,
    /** The finder's score, 0..1; 1 for a face that was marked. */
    val score: Double,
    /** Root of the mean squared change that the network makes, 0..1. */
    val change: Double,
    /** False where the change is too large to be trusted, and was not applied. */
    val refined: Boolean,
)

/** A step of a restoration that has ended. */
sealed class Step {
    /** The damage is found, and the photo still as it was; null: there is none. */
    class Found(
        val damage: Damage?,
    ) : Step()

    /** The damage is filled in the photo's pixels, as far as the strength says. */
    object Filled : Step()
}
