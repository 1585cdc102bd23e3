package org.heirloom.core

import kotlin.math.abs

/** One golden vector, run. Differences are in stored units; what is not finite counts as infinite. */
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

/** Does this device's runtime reproduce the golden vectors? */
object SelfTest {
    /**
     * Runs the golden vectors of all networks in [formats], with a [precision] only those that a [Restorer]
     * of that precision uses. [progress] is told the share done, 0..1; it may throw to cancel.
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
            wanted.mapIndexed { i, (part, artifact, golden) ->
                run(bundle, runner, part, artifact, golden).also { progress((i + 1f) / wanted.size) }
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
    ): List<Triple<String, Artifact, Golden>> =
        bundle.manifest.parts.flatMap { (name, part) ->
            val artifacts =
                if (precision == null) {
                    part.artifacts.filter { it.format in formats }
                } else {
                    listOf(bundle.artifact(name, precision, formats))
                }
            artifacts.flatMap { artifact -> artifact.golden.map { Triple(name, artifact, it) } }
        }

    private fun run(
        bundle: Bundle,
        runner: PartRunner,
        part: String,
        artifact: Artifact,
        golden: Golden,
    ): GoldenResult {
        val tile = artifact.tiles[golden.tile]
        val inputs = golden.inputs.zip(artifact.inputs) { path, spec -> tensor(bundle.bytes(path), spec) }
        val expected = tensor(bundle.bytes(golden.outputs[0]), artifact.outputs[0])
        val difference = difference(runner.run(part, artifact, tile, inputs), expected, artifact.outputs[0])
        return GoldenResult(
            part,
            artifact.format,
            artifact.precision,
            tile.rows,
            tile.columns,
            difference,
            golden.tolerance,
            difference <= golden.tolerance,
        )
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
