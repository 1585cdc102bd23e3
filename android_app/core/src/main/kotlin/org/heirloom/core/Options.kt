package org.heirloom.core

/** Options of a restoration. */
data class Options(
    /** Share of the change that is applied, 0..1. */
    val strength: Double = 1.0,
    val scratches: Scratches = Scratches.Auto,
    /** Only fills the damage. */
    val fillOnly: Boolean = false,
    /** A photo that is gray or toned in one hue keeps its hue. Pixels of one colour are always gray. */
    val keepGray: Boolean = true,
    val faces: Faces = Faces.Auto,
    /** Share of a face's refinement that is applied, 0..1. */
    val faceStrength: Double = 1.0,
)

/** Source of the damage mask. */
sealed class Scratches {
    /** Damage as the detector finds it. */
    object Auto : Scratches()

    /** No damage. */
    object Off : Scratches()

    /** Damage painted by a person: a mask of the photo's size divided by its factor, rounded up. */
    class Painted(
        val damage: Damage,
    ) : Scratches()
}

/** Choice of the faces to refine. */
sealed class Faces {
    /** The faces that the finder detects. */
    object Auto : Faces()

    /** No face. */
    object Off : Faces()

    /** The faces in these boxes. */
    class Boxes(
        val boxes: List<FaceBox>,
    ) : Faces()
}

/** A face marked by a person, in pixels of the upright photo. */
data class FaceBox(
    val left: Double,
    val top: Double,
    val width: Double,
    val height: Double,
)
