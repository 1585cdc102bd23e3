package org.heirloom.core

/** A picture whose colours are read row by row, wherever they lie. */
interface Picture {
    /** Rows, at least 1. */
    val height: Int

    /** Pixels in a row, at least 1. */
    val width: Int

    /** Samples of a pixel: 1 (gray) or 3 (red, green, blue). */
    val colours: Int

    /** The value of white: 255 or 65535. Samples are 0..[top]. */
    val top: Int

    /**
     * Copies the samples of [count] pixels of [row], from column [left] on, to [into] from index [at] on,
     * pixel by pixel.
     */
    fun read(
        row: Int,
        left: Int,
        count: Int,
        into: IntArray,
        at: Int,
    )
}

/**
 * The pixels of a photo, upright, wherever they lie: the core reads and overwrites them row by row and
 * never holds a second copy of all. Alpha is not included (see [splitAlpha]); a photo keeps its own.
 */
interface Pixels : Picture {
    /** Bytes of memory that the pixels take, with the alpha that lies among them. */
    val bytes: Long

    /** The reverse of [read]. */
    fun write(
        row: Int,
        left: Int,
        count: Int,
        from: IntArray,
        at: Int,
    )
}
