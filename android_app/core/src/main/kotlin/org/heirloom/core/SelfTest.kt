package org.heirloom.core

import kotlin.math.abs

/** Result of a golden vector in one tile. Differences: stored units, infinite for non-finite output. */
data class GoldenResult(
    val part: String,
    val format: String,
    val precision: String,
    /** Rows of the tile, in cells. */
    val rows: Int,
    val columns: Int,
    val maxDifference: Double,
    val tolerance: Double,
    val passed: Boolean,
)

/**
 * The self-test: checks that this device's runtime reproduces the golden vectors, in tiles of every size.
 *
 * A bundle has golden vectors of a few cells, which are laid side by side to fill a tile: inside its halo
 * the outputs then repeat in the same way.
 */
object SelfTest {
    /**
     * Runs the golden vectors of all networks in [formats], each in every tile, with a [precision] only
     * those that a [Restorer] of that precision uses. [progress] is called with the share done, 0..1, and
     * may throw to cancel.
     *
     * Throws [MissingArtifact] if there is none, the runner's exceptions, and with [mustPass]
     * [SelfTestFailed], which lists the failed networks.
     */
    fun run(
        bundle: Bundle,
        runner: PartRunner,
        formats: List<String> = listOf("litert"),
        precision: String? = null,
        mustPass: Boolean = false,
        progress: (Float) -> Unit = {},
    ): List<GoldenResult> {
        val wanted = wanted(bundle, formats, precision)
        if (wanted.isEmpty()) {
            throw MissingArtifact("The bundle has nothing in ${formats.joinToString(", ")} to be tested.")
        }
        val results =
            wanted.mapIndexed { i, test ->
                run(bundle, runner, test).also { progress((i + 1f) / wanted.size) }
            }
        val failed = results.filterNot { it.passed }
        if (mustPass && failed.isNotEmpty()) {
            val names = failed.joinToString(", ") { "${it.part} (${it.format} ${it.precision})" }
            throw SelfTestFailed(
                "This device's runtime does not compute what the bundle expects: $names. Restored photos " +
                    "would be wrong.",
            )
        }
        return results
    }

    private fun wanted(
        bundle: Bundle,
        formats: List<String>,
        precision: String?,
    ): List<Test> =
        bundle.manifest.parts.flatMap { (name, part) ->
            val artifacts =
                if (precision == null) {
                    part.artifacts.filter { it.format in formats }
                } else {
                    listOf(bundle.artifact(name, precision, formats))
                }
            artifacts.flatMap { artifact ->
                artifact.golden.flatMap { golden ->
                    tiles(artifact).map { Test(name, part, artifact, golden, it) }
                }
            }
        }

    private fun tiles(artifact: Artifact) = artifact.tiles.sortedBy { it.rows.toLong() * it.columns }

    private fun run(
        bundle: Bundle,
        runner: PartRunner,
        test: Test,
    ): GoldenResult {
        val (name, part, artifact, golden, tile) = test
        val inputs =
            golden.inputs.zip(artifact.inputs) { path, spec ->
                sideBySide(tensor(bundle.bytes(path), spec), spec, golden, tile)
            }
        val spec = artifact.outputs[0]
        val expected = tensor(bundle.bytes(golden.outputs[0]), spec)
        val result = runner.run(name, artifact, tile, inputs)
        val difference = difference(result, expected, spec, test)
        return GoldenResult(
            name,
            artifact.format,
            artifact.precision,
            tile.rows,
            tile.columns,
            difference,
            golden.tolerance,
            difference <= golden.tolerance,
        )
    }

    /** A golden input repeated to fill [tile], and cut off at its end. */
    private fun sideBySide(
        tensor: Stored,
        spec: Tensor,
        golden: Golden,
        tile: Tile,
    ): Stored {
        // A tensor of fixed shape stays as it is.
        if (spec.shape != null) return tensor
        val filled = empty(spec.size(tile), spec)
        for (row in 0 until tile.rows) {
            for (column in 0 until tile.columns) {
                val to = (row * tile.columns + column) * spec.channels
                copy(tensor, goldenCell(row, column, golden) * spec.channels, filled, to, spec.channels)
            }
        }
        return filled
    }

    private fun goldenCell(
        row: Int,
        column: Int,
        golden: Golden,
    ) = row % golden.rows * golden.columns + column % golden.columns

    private fun tensor(
        bytes: ByteArray,
        spec: Tensor,
    ): Stored = if (spec.dtype == DataType.FLOAT32) FloatValues(floats(bytes)) else Int8Values(bytes)

    /** The largest difference inside the halo. */
    private fun difference(
        result: Stored,
        expected: Stored,
        spec: Tensor,
        test: Test,
    ): Double {
        if (spec.shape != null) return difference(result, 0, expected, 0, expected.size, spec)
        val (_, part, _, golden, tile) = test
        var largest = 0.0
        for (row in part.halo until tile.rows - part.halo) {
            for (column in part.halo until tile.columns - part.halo) {
                val found = (row * tile.columns + column) * spec.channels
                val wanted = goldenCell(row, column, golden) * spec.channels
                largest = maxOf(largest, difference(result, found, expected, wanted, spec.channels, spec))
            }
        }
        return largest
    }

    /** The largest difference of [count] values, from the indices [found] and [wanted] on. */
    private fun difference(
        result: Stored,
        found: Int,
        expected: Stored,
        wanted: Int,
        count: Int,
        spec: Tensor,
    ): Double {
        var largest = 0.0
        for (i in 0 until count) {
            val difference = abs(number(result, found + i, spec) - number(expected, wanted + i, spec))
            if (!difference.isFinite()) return Double.POSITIVE_INFINITY
            largest = maxOf(largest, difference)
        }
        return largest
    }
}

/** A golden vector, and a tile to run it in. */
private data class Test(
    val name: String,
    val part: Part,
    val artifact: Artifact,
    val golden: Golden,
    val tile: Tile,
)
