package org.heirloom.core

/** Damage probability of each pixel of a picture of [height] x [width]: levels of 0..255 for 0..1. */
class DamageLevels(
    val height: Int,
    val width: Int,
    private val values: ByteArray = ByteArray(height * width),
) {
    /** The level at a row-major index. */
    operator fun get(at: Int) = values[at].toInt() and 255

    /** Raises a pixel to [level], unless it is there already. */
    fun raise(
        at: Int,
        level: Int,
    ) {
        if (level > get(at)) values[at] = level.toByte()
    }

    /** Copies a row of levels. */
    fun read(
        row: Int,
        into: IntArray,
    ) {
        for (column in 0 until width) into[column] = get(row * width + column)
    }
}
