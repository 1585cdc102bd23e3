package org.heirloom.core

import org.junit.Assert.assertThrows
import org.junit.Test

class StrokesTest {
    @Test
    fun strokesMarkWhatPythonMarks() {
        for ((i, case) in golden("strokes.json").each("strokes").withIndex()) {
            val (height, width) = case.ints("shape")
            val mask = Mask(height, width)
            for (stroke in case.each("strokes")) {
                val points = stroke.ints("points").toList().chunked(2)
                val places = points.map { (x, y) -> MaskPoint(x, y) }
                mask.draw(Stroke(places, stroke.int("radius"), stroke.flag("erases")))
            }
            assertMask("case $i", case.mask("mask"), mask.values)
        }
    }

    @Test
    fun numbersOutOfRangeAreRefused() {
        Stroke(listOf(MaskPoint(-MAX_COORDINATE, MAX_COORDINATE)), MAX_RADIUS)
        for (radius in listOf(-1, MAX_RADIUS + 1)) {
            assertThrows(IllegalArgumentException::class.java) { Stroke(emptyList(), radius) }
        }
        for (point in listOf(MaskPoint(MAX_COORDINATE + 1, 0), MaskPoint(0, -MAX_COORDINATE - 1))) {
            assertThrows(IllegalArgumentException::class.java) { Stroke(listOf(point), 1) }
        }
    }
}
