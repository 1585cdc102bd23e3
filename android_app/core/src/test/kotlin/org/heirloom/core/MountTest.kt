package org.heirloom.core

import org.junit.Assert.assertEquals
import org.junit.Test

class MountTest {
    private val golden = golden("mounts.json")

    @Test
    fun pictures() {
        for ((i, case) in golden.each("mounts").withIndex()) {
            val expected = if (case.isNull("found")) null else case.box("found")
            assertEquals("case $i", expected, findPicture(pattern(case)))
        }
    }

    /** The parts of a photo are read and written where they lie. */
    @Test
    fun inside() {
        val whole = ArrayPixels(5, 6, 3, ByteArray(90) { it.toByte() })
        val inside = Inside(whole, Box(1, 2, 4, 5))
        val line = IntArray(6)
        inside.read(2, 1, 2, line, 0)
        assertInts("read", IntArray(6) { (3 * 6 + 3) * 3 + it }, line)
        inside.write(0, 0, 2, IntArray(6) { 200 + it }, 0)
        assertInts("written", IntArray(6) { 200 + it }, samples(whole).copyOfRange(24, 30))
    }

    /** Wherever a picture lies in its mount, what was found in it and is given back is the same. */
    @Test
    fun damageOfAPictureComesBackFromThePhoto() {
        for (factor in 1..5) {
            for (offset in 0 until factor) {
                val box = Box(7 + offset, 4 + offset, 7 + offset + 6 * factor, 4 + offset + 8 * factor)
                val inside = Inside(ArrayPixels(box.bottom + 9, box.right + 3, 3), box)
                val found = Damage(Mask(6, 8, BooleanArray(48) { it * 7 % 5 == 0 }), factor)
                val placed = inside.placed(found)
                val given = inside.marked(Options(scratches = Scratches.Painted(placed))).scratches
                val back = (given as Scratches.Painted).damage
                val what = "factor $factor, offset $offset"
                assertEquals(what, factor, back.factor)
                assertMask(what, found.mask.values, back.mask.values)
            }
        }
    }

    /** Squares of two pixels, with a picture from the second pixel on: a square is as its second pixel. */
    @Test
    fun damageIsPlacedByTheMiddleOfItsSquares() {
        val inside = Inside(ArrayPixels(1, 8, 3), Box(0, 1, 1, 7))
        val placed = inside.placed(Damage(Mask(1, 3, booleanArrayOf(true, false, true)), 2))
        assertMask("placed", booleanArrayOf(true, false, true, true), placed.mask.values)
    }

    private fun pattern(case: Vector): Pixels {
        val shape = case.ints("shape")
        val (height, width) = shape
        val channels = shape.getOrElse(2) { 1 }
        val mounts = case.rows("colours").zip(case.rows("insides"))
        val writing = if (case.isNull("writing")) null else case.box("writing")
        val deep = case.int("top") == 65535
        val pixels: Pixels =
            if (deep) DeepArrayPixels(height, width, channels) else ArrayPixels(height, width, channels)
        val line = IntArray(width * channels)
        for (y in 0 until height) {
            for (at in line.indices) {
                val (x, c) = at / channels to at % channels
                var level = (x * 3 + y * 5) % 130 + 11 * c + case.int("raised")
                val mount = mounts.firstOrNull { !within(it.second, y, x) }
                if (mount != null) level = mount.first[c] + (x * 7 + y * 13) % 3
                val box = writing?.run { listOf(top, left, bottom, right) }
                if (box != null && within(box, y, x) && (x + y) % 4 == 0) level = 40
                line[at] = if (deep) level * 257 else level
            }
            pixels.write(y, 0, width, line, 0)
        }
        return pixels
    }

    private fun within(
        box: List<Int>,
        y: Int,
        x: Int,
    ) = y in box[0] until box[2] && x in box[1] until box[3]
}
