package org.heirloom.core

import org.junit.Test

class DamageTest {
    private val golden = golden("damage.json")

    @Test
    fun cells() {
        for (case in golden.each("cells")) {
            val (height, width) = case.ints("photo_shape")
            val damage = Damage(case.mask(), case.int("factor"))
            val cells = damage.cells(case.box("box"), case.int("stride"), height, width)
            assertMask("cells", case.mask("cells"), cells)
        }
    }

    @Test
    fun painted() {
        for (case in golden.each("painted")) {
            assertMask("painted", case.mask("mask"), Damage.painted(case.picture("picture")).mask.values)
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
}
