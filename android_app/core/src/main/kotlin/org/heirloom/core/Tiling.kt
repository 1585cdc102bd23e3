package org.heirloom.core

/**
 * Covers [area] exactly with tiles of [sizes], at least cost: the number of cells computed.
 *
 * A tile is the same computation on a window: the photo is mirrored at its borders by the [halo] of the
 * networks, so a result does not depend on the tiles. A block of equal tiles is laid from
 * the upper left corner, then the strip to its right and the strip below are covered in the same way.
 * Throws IllegalArgumentException for tiles that are all halo.
 */
fun plan(
    area: Box,
    sizes: List<TileSize>,
    halo: Int,
): List<Placement> {
    require(sizes.isNotEmpty() && sizes.all { minOf(it.rows, it.columns) > 2 * halo }) {
        "tiles of $sizes cells are all halo ($halo)"
    }
    val placements = ArrayList<Placement>()
    Planner(sizes, halo).lay(area, placements)
    return placements
}

/** The block to lay first; no size (-1) for an empty area. */
private class Block(
    val cost: Long,
    val size: Int,
    val down: Int,
    val across: Int,
)

private class Planner(
    private val sizes: List<TileSize>,
    private val halo: Int,
) {
    private val known = HashMap<Long, Block>()

    private fun best(
        rows: Int,
        columns: Int,
    ): Block {
        if (rows <= 0 || columns <= 0) return NOTHING
        val key = rows.toLong() shl 32 or columns.toLong()
        return known[key] ?: search(rows, columns).also { known[key] = it }
    }

    private fun search(
        rows: Int,
        columns: Int,
    ): Block {
        var found: Block? = null
        for ((index, size) in sizes.withIndex()) {
            val high = size.rows - 2 * halo
            val wide = size.columns - 2 * halo
            for (down in counts(rows, high)) {
                for (across in counts(columns, wide)) {
                    val cost =
                        down.toLong() * across * size.rows * size.columns +
                            best(rows, columns - across * wide).cost +
                            best(rows - down * high, minOf(columns, across * wide)).cost
                    if (found == null || cost < found.cost) found = Block(cost, index, down, across)
                }
            }
        }
        return found!!
    }

    fun lay(
        box: Box,
        into: MutableList<Placement>,
    ) {
        val block = best(box.rows, box.columns)
        if (block.size < 0) return
        val high = sizes[block.size].rows - 2 * halo
        val wide = sizes[block.size].columns - 2 * halo
        val bottom = minOf(box.bottom, box.top + block.down * high)
        val right = minOf(box.right, box.left + block.across * wide)
        for (top in box.top until bottom step high) {
            for (left in box.left until right step wide) {
                val keep = Box(top, left, minOf(bottom, top + high), minOf(right, left + wide))
                into.add(Placement(keep, block.size))
            }
        }
        lay(Box(box.top, right, box.bottom, box.right), into)
        lay(Box(bottom, box.left, box.bottom, right), into)
    }

    /** Possible numbers of tiles along a block's side: as many as fit, or one more that overhangs. */
    private fun counts(
        length: Int,
        valid: Int,
    ): List<Int> {
        val fit = maxOf(1, length / valid)
        val cover = ceilDiv(length, valid)
        return if (fit == cover) listOf(fit) else listOf(fit, cover)
    }

    private companion object {
        val NOTHING = Block(0, -1, 0, 0)
    }
}

/** The window that a tile with valid cells [keep] reads: its full size, halo included. */
fun window(
    keep: Box,
    size: TileSize,
    halo: Int,
): Box {
    val top = keep.top - halo
    val left = keep.left - halo
    return Box(top, left, top + size.rows, left + size.columns)
}

/**
 * Indices [start] until [stop] into an axis of [length], reflected at both ends as often as needed.
 *
 * The border itself is repeated (...1 0 | 0 1 2...), so that one pixel is enough.
 */
fun mirrored(
    start: Int,
    stop: Int,
    length: Int,
): IntArray =
    IntArray(stop - start) {
        val index = (start + it).mod(2 * length)
        if (index < length) index else 2 * length - 1 - index
    }

/** [length] / [step], rounded up. */
internal fun ceilDiv(
    length: Int,
    step: Int,
): Int = (length + step - 1) / step
