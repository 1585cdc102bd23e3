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
}
