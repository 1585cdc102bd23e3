package org.heirloom.core

import kotlin.math.abs

/** One golden vector in one tile, run. Differences are in stored units; what is not finite counts as infinite. */
data class GoldenResult(
    val part: String,
    val format: String,
    val precision: String,
    /** Of the tile, in cells. */
    val rows: Int,
    val columns: Int,
    val maxDifference: Double,
    val tolerance: Double,
    val passed: Boolean,
)

/**
 * Does this device's runtime reproduce the golden vectors, in tiles of every size?
 *
 * A bundle has golden vectors of a small tile. In a larger one they are laid side by side: what a cell sees
 * within its halo is the same then, so each copy's centre must come out as it does alone.
 */
object SelfTest {
    /**
     * Runs the golden vectors of all networks in [formats], each in every tile that it fits, with a
     * [precision] only those that a [Restorer] of that precision uses. [progress] is told the share done, 0..1; it may throw to cancel.
     *
     * Throws [MissingArtifact] if there is none, and what the runner throws; with [mustPass]
     * [SelfTestFailed], naming what failed.
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
                    tiles(artifact, golden).map { Test(name, part, artifact, golden, it) }
                }
            }
        }

    /** The golden vector's own tile, then the larger ones. */
    private fun tiles(
        artifact: Artifact,
        golden: Golden,
    ): List<Tile> {
        val own = artifact.tiles[golden.tile]
        return listOf(own) +
            artifact.tiles.filter { it != own && it.rows >= own.rows && it.columns >= own.columns }
    }

    private fun run(
        bundle: Bundle,
        runner: PartRunner,
        test: Test,
    ): GoldenResult {
        val (name, part, artifact, golden, tile) = test
        val own = artifact.tiles[golden.tile]
        val inputs =
            golden.inputs.zip(artifact.inputs) { path, spec ->
                val tensor = tensor(bundle.bytes(path), spec)
                if (spec.shape == null) sideBySide(tensor, spec.channels, own, tile) else tensor
            }
        val spec = artifact.outputs[0]
        val expected = tensor(bundle.bytes(golden.outputs[0]), spec)
        val result = runner.run(name, artifact, tile, inputs)
        val difference =
            if (tile == own) {
                difference(result, expected, spec)
            } else {
                differenceOfCentres(result, expected, spec, own, tile, part.halo)
            }
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

    /** A golden input as often as it fits into [tile], and cut off where the tile ends. */
    private fun sideBySide(
        tensor: Stored,
        channels: Int,
        own: Tile,
        tile: Tile,
    ): Stored {
        fun from(i: Int): Int {
            val cell = i / channels
            val row = cell / tile.columns % own.rows
            return (row * own.columns + cell % tile.columns % own.columns) * channels + i % channels
        }
        val size = tile.rows * tile.columns * channels
        return when (tensor) {
            is Int8Values -> Int8Values(ByteArray(size) { tensor.values[from(it)] })
            is FloatValues -> FloatValues(FloatArray(size) { tensor.values[from(it)] })
        }
    }

    /** Of the copies' cells that no other copy reaches. */
    private fun differenceOfCentres(
        result: Stored,
        expected: Stored,
        spec: Tensor,
        own: Tile,
        tile: Tile,
        halo: Int,
    ): Double {
        val rows = halo until own.rows - halo
        val columns = halo until own.columns - halo
        var most = 0.0
        for (y in 0 until tile.rows / own.rows * own.rows) {
            for (x in 0 until tile.columns / own.columns * own.columns) {
                if (y % own.rows !in rows || x % own.columns !in columns) continue
                val at = (y * tile.columns + x) * spec.channels
                val golden = (y % own.rows * own.columns + x % own.columns) * spec.channels
                for (channel in 0 until spec.channels) {
                    val found = number(result, at + channel, spec)
                    val difference = abs(found - number(expected, golden + channel, spec))
                    if (!difference.isFinite()) return Double.POSITIVE_INFINITY
                    most = maxOf(most, difference)
                }
            }
        }
        return most
    }

    private fun tensor(
        bytes: ByteArray,
        spec: Tensor,
    ): Stored = if (spec.dtype == DataType.FLOAT32) FloatValues(floats(bytes)) else Int8Values(bytes)

    private fun difference(
        result: Stored,
        expected: Stored,
        spec: Tensor,
    ): Double {
        var most = 0.0
        for (i in 0 until expected.size) {
            val difference = abs(number(result, i, spec) - number(expected, i, spec))
            if (!difference.isFinite()) return Double.POSITIVE_INFINITY
            most = maxOf(most, difference)
        }
        return most
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
