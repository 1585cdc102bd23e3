package org.heirloom.core

/** A view of [whole] shrunk as by [shrink]: it holds no pixels, but computes them at each read. */
class Shrunk(
    private val whole: Picture,
    private val factor: Int,
) : Picture {
    override val height = ceilDiv(whole.height, factor)
    override val width = ceilDiv(whole.width, factor)
    override val colours get() = 3
    override val top get() = 255

    override fun read(
        row: Int,
        left: Int,
        count: Int,
        into: IntArray,
        at: Int,
    ) {
        val bottom = minOf(whole.height, (row + 1) * factor)
        val right = minOf(whole.width, (left + count) * factor)
        shrink(whole, factor, Box(row * factor, left * factor, bottom, right)).read(0, 0, count, into, at)
    }
}
