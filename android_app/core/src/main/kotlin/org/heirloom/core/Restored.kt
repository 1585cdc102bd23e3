package org.heirloom.core

/** In words what was done to a photo, and the faces that were found. */
data class Restored(
    val done: List<String>,
    val faces: List<FaceRecord>,
)

/** A face that was found, as reports tell it. */
data class FaceRecord(
    /** In whole pixels of the upright photo. */
    val left: Int,
    val top: Int,
    val width: Int,
    val height: Int,
    /** How sure the finder is, 0..1; 1 for a face that was marked. */
    val score: Double,
    /** Root of the mean squared change that the network makes, 0..1. */
    val change: Double,
    /** False where the change is too large to be trusted. */
    val refined: Boolean,
)
