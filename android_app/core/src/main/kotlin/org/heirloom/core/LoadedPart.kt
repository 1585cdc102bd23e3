package org.heirloom.core

/** A tile and the window that it reads. */
data class Reading(
    val placement: Placement,
    val reads: Box,
)

/**
 * A part of a bundle in one format and precision. Calls [ran] with the cost of each network that ran.
 *
 * [maxCells] leaves out tiles that are larger (but never all of them).
 */
class LoadedPart(
    private val name: String,
    val part: Part,
    val artifact: Artifact,
    private val runner: PartRunner,
    maxCells: Int? = null,
    private val ran: (Long) -> Unit = {},
) {
    private val offered: List<Tile>

    init {
        val smallest = artifact.tiles.minOf { it.rows.toLong() * it.columns }
        val largest = maxOf(smallest, maxCells?.toLong() ?: Long.MAX_VALUE)
        offered = artifact.tiles.filter { it.rows.toLong() * it.columns <= largest }
    }

    val stride get() = part.stride
    val halo get() = part.halo

    /** The storage of the only output. */
    val output get() = artifact.outputs[0]

    /** Offered tile sizes in cells, halo included. */
    val sizes = offered.map { TileSize(it.rows, it.columns) }

    /** The cheapest tiles for [area]. */
    fun cover(area: Box): List<Reading> =
        plan(area, sizes, halo).map { Reading(it, window(it.keep, sizes[it.size], halo)) }

    /** Multiply-accumulates of a tile, halo included. */
    fun cost(placement: Placement): Long {
        val size = sizes[placement.size]
        return maxOf(1, part.macsPerCell) * size.rows * size.columns
    }

    /**
     * The tile's valid output, from [inputs] of its full size. Throws [NetworkFailed] if a float output
     * is not finite.
     */
    fun run(
        placement: Placement,
        inputs: List<Stored>,
    ): Stored {
        val tile = offered[placement.size]
        val result = runner.run(name, artifact, tile, inputs)
        if (result is FloatValues && !result.values.all { it.isFinite() }) {
            throw NetworkFailed(
                "The $name network returned values that are not finite: run the self-test, and use " +
                    "another precision if it fails.",
            )
        }
        ran(cost(placement))
        return if (output.shape != null) result else kept(result, tile, placement.keep)
    }

    private fun kept(
        result: Stored,
        tile: Tile,
        keep: Box,
    ): Stored {
        if (keep.rows == tile.rows && keep.columns == tile.columns) return result
        val channels = output.channels
        val centre = empty(keep.rows * keep.columns * channels, output)
        val count = keep.columns * channels
        for (row in 0 until keep.rows) {
            val start = ((halo + row) * tile.columns + halo) * channels
            copy(result, start, centre, row * count, count)
        }
        return centre
    }
}
