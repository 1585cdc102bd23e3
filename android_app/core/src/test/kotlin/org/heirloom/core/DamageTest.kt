package org.heirloom.core

import org.junit.Assert.assertEquals
import org.junit.Test

class DamageTest {
    private val golden = golden("damage.json")

    @Test
    fun found() {
        for (case in golden.each("found")) {
            val width = case.ints("shape")[1]
            val threshold = case.number("threshold")
            val damage = Damage.found(case.floats("probability"), width, threshold, case.int("factor"))
            assertMask("found", case.mask("mask"), damage.mask)
        }
    }

    @Test
    fun cells() {
        for (case in golden.each("cells")) {
            val (height, width) = case.ints("photo_shape")
            val cells = damage(case).cells(case.box("box"), case.int("stride"), height, width)
            assertMask("cells", case.mask("cells"), cells)
        }
    }

    @Test
    fun shrunk() {
        for (case in golden.each("shrunk")) {
            val small = damage(case).shrunk(case.int("to"))
            assertEquals(case.ints("shape").toList(), listOf(small.height, small.width))
            assertMask("shrunk", case.mask("values"), small.mask)
        }
    }

    @Test
    fun painted() {
        for (case in golden.each("painted")) {
            assertMask("painted", case.mask("mask"), Damage.painted(case.picture("picture")).mask)
        }
    }

    @Test
    fun pooled() {
        for ((i, case) in golden.each("pooled").withIndex()) {
            val (rows, columns) = case.ints("shape")
            val spec = case.tensor("spec")
            val area = Box(0, 0, rows, columns)
            Plane(area, spec, LatentStore()).use { latent ->
                latent.write(area, case.stored("latent", spec))
                val tokens = pool(latent, area, case.mask("intact"), case.int("grid"), spec)
                assertStored("case $i", case.stored("tokens", spec), tokens)
            }
        }
    }

    private fun damage(case: Vector): Damage {
        val (height, width) = case.ints("mask_shape")
        return Damage(height, width, case.mask("mask"), case.int("factor"))
    }

    private fun assertMask(
        what: String,
        expected: BooleanArray,
        found: BooleanArray,
    ) = assertEquals(what, expected.toList(), found.toList())
}
