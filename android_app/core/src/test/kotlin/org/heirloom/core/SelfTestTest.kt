package org.heirloom.core

import org.junit.Assert.assertEquals
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Test

class SelfTestTest {
    private val bundle = bundleOf(golden("pipeline.json").text("manifest_text")!!)

    /** Its golden vectors are all zeros. */
    private fun gives(value: Int) =
        object : PartRunner {
            override fun run(
                part: String,
                artifact: Artifact,
                tile: Tile,
                inputs: List<Stored>,
            ): Stored {
                val size = artifact.outputs[0].size(tile)
                if (part == "tone") return FloatValues(FloatArray(size))
                return Int8Values(ByteArray(size) { value.toByte() })
            }

            override fun close() = Unit
        }

    @Test
    fun allPass() {
        val shares = ArrayList<Float>()
        val results = SelfTest.run(bundle, gives(0), mustPass = true) { shares.add(it) }
        assertEquals(
            bundle.manifest.parts.keys
                .toList(),
            results.map { it.part }.distinct(),
        )
        assertTrue(results.all { it.passed && it.maxDifference == 0.0 })
        assertEquals(1f, shares.last())
        val tiles = bundle.manifest.parts.mapValues { (_, part) -> part.artifacts[0].tiles.size }
        assertEquals(tiles.values.sum(), results.size)
    }

    @Test
    fun aLargerTileThatDiffersFails() {
        val runner =
            object : PartRunner by gives(0) {
                override fun run(
                    part: String,
                    artifact: Artifact,
                    tile: Tile,
                    inputs: List<Stored>,
                ): Stored {
                    val output = gives(0).run(part, artifact, tile, inputs)
                    val at = (5 * tile.columns + 5) * artifact.outputs[0].channels
                    if (part == "finder" && tile != artifact.tiles[0]) (output as Int8Values).values[at] = 1
                    return output
                }
            }
        val failed = SelfTest.run(bundle, runner).filterNot { it.passed }
        assertEquals(listOf("finder"), failed.map { it.part })
    }

    @Test
    fun vectorsAreLaidSideBySide() {
        val artifact = bundle.artifact("mapper_global", "int8", listOf("litert"))
        val golden = artifact.golden[0]
        val values = ByteArray(golden.rows * golden.columns * artifact.outputs[0].channels) { it.toByte() }
        val contents = mapOf(golden.inputs[0] to values, golden.outputs[0] to values)
        // Gives back the latent, changed in the halo alone.
        val runner =
            object : PartRunner by gives(0) {
                override fun run(
                    part: String,
                    artifact: Artifact,
                    tile: Tile,
                    inputs: List<Stored>,
                ): Stored {
                    if (part != "mapper_global") return gives(0).run(part, artifact, tile, inputs)
                    val latent = (inputs[0] as Int8Values).values
                    val line = golden.columns * artifact.outputs[0].channels
                    val width = tile.columns * artifact.outputs[0].channels
                    for (at in latent.indices) {
                        val wanted = at / width % golden.rows * line + at % width % line
                        assertEquals(values[wanted], latent[at])
                    }
                    return Int8Values(latent.copyOf().also { it[width - 1]++ })
                }
            }
        val text = golden("pipeline.json").text("manifest_text")!!
        val results = SelfTest.run(bundleOf(text, contents), runner, mustPass = true)
        assertEquals(artifact.tiles.size, results.count { it.part == "mapper_global" })
    }

    @Test
    fun oneLevelTooMuchFails() {
        val results = SelfTest.run(bundle, gives(-1), precision = "int8")
        assertEquals(listOf("tone"), results.filter { it.passed }.map { it.part })
        assertEquals(1.0, results[0].maxDifference, 0.0)
        val error =
            assertThrows(SelfTestFailed::class.java) {
                SelfTest.run(bundle, gives(-1), mustPass = true)
            }
        assertTrue(error.message, "decoder (litert int8)" in error.message!!)
    }

    @Test
    fun nothingToTest() {
        assertThrows(MissingArtifact::class.java) { SelfTest.run(bundle, gives(0), listOf("onnx")) }
    }
}
