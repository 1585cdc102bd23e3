package org.heirloom.core

import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Test

class PaintedMaskTest {
    private val rule = Detection(largestSide = 10)

    @Test
    fun strokesGrowPointByPoint() {
        val points = listOf(MaskPoint(1, 1), MaskPoint(7, 3), MaskPoint(4, 8))
        val painted = PaintedMask.of(20, 18, rule, null)
        painted.begin(points[0], 1, false)
        points.drop(1).forEach(painted::extend)
        val expected = Mask(10, 9).also { it.draw(Stroke(points, 1)) }
        assertEquals(2, painted.damage.factor)
        assertMask("grown", expected.values, painted.damage.mask.values)
    }

    @Test
    fun undoGivesBackWhatWasThereBefore() {
        val found = Damage(Mask(10, 9, BooleanArray(90) { it % 7 == 0 }), 2)
        val states = arrayListOf(found.mask.values.copyOf())
        val painted = PaintedMask.of(20, 18, rule, found)
        assertFalse(painted.canUndo)
        for ((i, erases) in listOf(false, true, false).withIndex()) {
            painted.begin(MaskPoint(i, 4), 2, erases)
            painted.extend(MaskPoint(8, 2 * i))
            states.add(
                painted.damage.mask.values
                    .copyOf(),
            )
        }
        while (painted.canUndo) {
            assertMask("${states.size}", states.removeAt(states.size - 1), painted.damage.mask.values)
            painted.undo()
        }
        assertEquals(1, states.size)
        assertMask("as found", states[0], painted.damage.mask.values)
        assertTrue(painted.damage.mask.any())
    }
}
