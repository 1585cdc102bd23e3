package org.heirloom.core

import org.junit.Assert.assertEquals
import org.junit.Test

class ToneTest {
    private val golden = golden("tone.json")

    @Test
    fun thumbnails() {
        for (case in golden.each("thumbnails")) {
            val side = case.int("side")
            val values = thumbnail(case.picture("picture") as ArrayPixels, side)
            assertFloats("of $side", case.floats("values"), values)
        }
    }

    @Test
    fun curves() {
        for (case in golden.each("curves")) {
            assertDoubles("knots", case.doubles("knots"), Curves.from(case.floats("steps")).knots, 0.0)
        }
    }

    @Test
    fun changes() {
        for (case in golden.each("changes")) {
            val change = Curves(case.doubles("knots")).change(case.picture("picture") as ArrayPixels)
            assertEquals(case.number("change"), change, 1e-12)
        }
    }

    @Test
    fun applied() {
        for ((i, case) in golden.each("applied").withIndex()) {
            val pixels = case.picture("picture")
            Curves(case.doubles("knots")).apply(pixels, case.number("strength"))
            assertInts("case $i", case.ints("result"), samples(pixels))
        }
    }

    @Test
    fun lightened() {
        for ((i, case) in golden.each("lightened").withIndex()) {
            val pixels = case.picture("picture")
            Curves(case.doubles("knots")).applyToLightness(pixels, case.number("strength"))
            assertInts("case $i", case.ints("result"), samples(pixels))
        }
    }

    @Test
    fun sheets() {
        val samples = ByteArray(300) { 200.toByte() }
        for (each in 0 until 9) samples[each] = 209.toByte()
        assertEquals(false, isFlat(ArrayPixels(10, 10, 3, samples)))
        for (each in 0 until 3) samples[each] = 208.toByte()
        assertEquals(true, isFlat(ArrayPixels(10, 10, 3, samples)))
    }

    @Test
    fun hues() {
        for ((i, case) in golden.each("hues").withIndex()) {
            val picture = case.picture("picture") as ArrayPixels
            val colours = samples(picture)
            val light = IntArray(picture.height * picture.width) { lightness(colours, 3 * it) }
            assertInts("case $i", case.ints("lightness"), light)
            assertEquals("case $i", case.flag("one"), oneHue(picture))
        }
    }
}
