package org.heirloom.core

/** How likely each pixel of a picture of [height] x [width] is damaged: levels of 0..255 for 0..1. */
class DamageLevels(
    val height: Int,
    val width: Int,
    private val values: ByteArray = ByteArray(height * width),
) {
    /** The highest of all. */
    val max get() = values.maxOf { it.toInt() and 255 }

    /** By row-major index. */
    operator fun get(at: Int) = values[at].toInt() and 255

    /** Raises a pixel to [level], unless it is there already. */
    fun raise(
        at: Int,
        level: Int,
    ) {
        if (level > get(at)) values[at] = level.toByte()
    }

    /** A row of them. */
    fun read(
        row: Int,
        into: IntArray,
    ) {
        for (column in 0 until width) into[column] = get(row * width + column)
    }
}
