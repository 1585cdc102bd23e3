package org.heirloom.core

/** A rectangle of cells or pixels; [bottom] and [right] lie outside. */
data class Box(
    val top: Int,
    val left: Int,
    val bottom: Int,
    val right: Int,
) {
    val rows get() = bottom - top
    val columns get() = right - left

    /** The box with [margin] more on every side. */
    fun grown(margin: Int) = Box(top - margin, left - margin, bottom + margin, right + margin)

    /** The box shifted by [down] and [across]. */
    fun moved(
        down: Int,
        across: Int,
    ) = Box(top + down, left + across, bottom + down, right + across)

    /** The same box in units [factor] times smaller. */
    fun scaled(factor: Int) = Box(top * factor, left * factor, bottom * factor, right * factor)

    /** Whether the two boxes overlap. */
    fun meets(other: Box) =
        top < other.bottom && other.top < bottom && left < other.right && other.left < right
}

/** Rows and columns of an offered tile, halo included, in cells. */
data class TileSize(
    val rows: Int,
    val columns: Int,
)

/** A tile's position and size. */
data class Placement(
    /** The valid cells that the tile writes: from its upper left corner inside the halo. */
    val keep: Box,
    /** Index into the offered sizes. */
    val size: Int,
)
