package org.heirloom.core

import org.junit.Test

class StitchingTest {
    @Test
    fun residualsAreAdded() {
        for ((i, case) in golden("stitching.json").each("cases").withIndex()) {
            val pixels = case.picture("picture")
            val spec = case.tensor("spec")
            Stitcher(pixels, spec, case.int("stride"), case.number("strength"), case.flag("gray"))
                .add(case.box("keep"), case.stored("residual", spec))
            assertInts("case $i", case.ints("result"), samples(pixels))
        }
    }

    @Test
    fun changesBeyondAllSamplesEndAtTheRange() {
        val spec = Tensor("residual", "out", 48, DataType.FLOAT32, 1.0, 0, null)
        for (gray in listOf(true, false)) {
            for ((change, level) in listOf(3e38f to 255, -3e38f to 0, 0f to 100)) {
                val pixels = ArrayPixels(4, 4, 3, ByteArray(48) { 100 })
                val residual = FloatValues(FloatArray(48) { change })
                Stitcher(pixels, spec, 4, 1.0, gray).add(Box(0, 0, 1, 1), residual)
                assertInts("$change", IntArray(48) { level }, samples(pixels))
            }
        }
    }
}
