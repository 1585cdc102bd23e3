package org.heirloom.core

/** The steps applied to a photo, in words, and the faces that were found. */
data class Restored(
    val done: List<String>,
    val faces: List<FaceRecord>,
    /** The part of the photo within its mount, in pixels, which alone is restored; null: it has no mount. */
    val picture: Box? = null,
)

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
