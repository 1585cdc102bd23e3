package org.heirloom.app.photo

import org.heirloom.core.Damage
import org.heirloom.core.Mask
import kotlin.test.Test
import kotlin.test.assertEquals

class MaskPreviewTest {
    /** The photo has 12x6 pixels, and the place [column], [row] of its mask is damaged. */
    private fun marked(
        factor: Int,
        step: Int,
        column: Int,
        row: Int,
    ): Set<Pair<Int, Int>> {
        val mask = Mask((6 + factor - 1) / factor, (12 + factor - 1) / factor)
        mask.values[row * mask.width + column] = true
        val preview = MaskPreview(Damage(mask, factor), step)
        val (width, height) = 12 / step to 6 / step
        val line = IntArray(width)
        return (0 until height)
            .flatMap { y ->
                preview.read(y, 0, width, 7, line)
                line.indices.filter { line[it] == 7 }.map { it to y }
            }.toSet()
    }

    @Test
    fun `a preview's pixel is marked if it shows any damaged pixel`() {
        for (factor in 1..3) {
            for (step in 1..4) {
                for (column in 0 until 12 / factor) {
                    val shown =
                        (column * factor until (column + 1) * factor)
                            .map { it / step }
                            .filter { it < 12 / step }
                            .map { it to 0 }
                    val found = marked(factor, step, column, 0).filter { it.second == 0 }
                    assertEquals(shown.toSet(), found.toSet())
                }
            }
        }
    }

    @Test
    fun `the pixels to draw anew are those that show the changed squares`() {
        for (factor in 1..3) {
            for (step in 1..4) {
                val preview = MaskPreview(Damage(Mask(6, 12), factor), step)
                val size = 12 * factor / step
                for (from in 0..11) {
                    val shown = (0 until size).filter { (it + 1) * step > from * factor }
                    assertEquals(shown, preview.pixels(from, 11, size).toList())
                }
                assertEquals(0, preview.pixels(-5, 0, size).first)
                assertEquals(emptyList(), preview.pixels(-9, -3, size).drop(1))
            }
        }
    }
}
