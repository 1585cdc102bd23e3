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
