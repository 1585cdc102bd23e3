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
        val told = ArrayList<Float>()
        val results = SelfTest.run(bundle, gives(0), mustPass = true) { told.add(it) }
        assertEquals(
            bundle.manifest.parts.keys
                .toList(),
            results.map { it.part }.distinct(),
        )
        assertTrue(results.all { it.passed && it.maxDifference == 0.0 })
        assertEquals(1f, told.last())
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
                    if (part == "finder" && tile != own(artifact)) (output as Int8Values).values[at] = 1
                    return output
                }
            }
        val failed = SelfTest.run(bundle, runner).filterNot { it.passed }
        assertEquals(listOf("finder"), failed.map { it.part })
    }

    private fun own(artifact: Artifact) = artifact.tiles[artifact.golden[0].tile]

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
