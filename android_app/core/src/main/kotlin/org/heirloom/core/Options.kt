package org.heirloom.core

/** What the user asked for. */
data class Options(
    /** How much of the change is applied, 0..1. */
    val strength: Double = 1.0,
    val scratches: Scratches = Scratches.Auto,
    /** Fill the damage and do nothing else. */
    val fillOnly: Boolean = false,
    /** A photo that is gray or toned in one hue keeps its hue. Pixels of one colour are always gray. */
    val keepGray: Boolean = true,
    val faces: Faces = Faces.Auto,
    /** How much of a face's refinement is applied, 0..1. */
    val faceStrength: Double = 1.0,
)

/** Where the photo is taken to be damaged. */
sealed class Scratches {
    /** Where the network finds it. */
    object Auto : Scratches()

    /** Nowhere. */
    object Off : Scratches()

    /** Where a person painted it: a mask of the photo's size divided by its factor, rounded up. */
    class Painted(
        val damage: Damage,
    ) : Scratches()
}

/** Which faces are refined. */
sealed class Faces {
    /** Those that the network finds. */
    object Auto : Faces()

    /** None. */
    object Off : Faces()

    /** Those in these boxes. */
    class Boxes(
        val boxes: List<FaceBox>,
    ) : Faces()
}

/** Where a person marked a face, in pixels of the upright photo. */
data class FaceBox(
    val left: Double,
    val top: Double,
    val width: Double,
    val height: Double,
)
