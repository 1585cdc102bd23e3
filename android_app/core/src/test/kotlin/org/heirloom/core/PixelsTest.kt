package org.heirloom.core

import org.junit.Assert.assertEquals
import org.junit.Test

class PixelsTest {
    private val golden = golden("pixels.json")

    @Test
    fun seenByNetworks() {
        for (case in golden.each("seen")) {
            val box = case.box("box")
            val window = Window(case.picture("picture"), box.left, box.right)
            val lines =
                (box.top until box.bottom).map { row ->
                    IntArray(box.columns * 3).also { window.read(row, it) }
                }
            assertInts("$box", case.ints("values"), lines.flatMap { it.toList() }.toIntArray())
        }
    }

    @Test
    fun cells() {
        for (case in golden.each("cells")) {
            val (rows, columns) = case.ints("shape")
            val picture = case.picture("picture")
            val whole = Box(0, 0, rows, columns)
            val stride = case.int("stride")
            val same = Int8Values(ByteArray(256) { it.toByte() })
            val cells = cells(picture, whole, stride, same) as Int8Values
            assertInts("cells", case.ints("cells"), cells.values.map { it.toInt() and 255 }.toIntArray())

            // And back: a residual of whole levels, added to black, is the picture itself.
            val black = ArrayPixels(picture.height, picture.width, 3)
            val levels = Tensor("residual", "r", 3, DataType.UINT8, 1 / 255.0, 0, null)
            Stitcher(black, levels, stride, 1.0, false).add(whole, cells)
            assertInts("pixels", samples(picture), samples(black))
        }
    }

    @Test
    fun shrinking() {
        for (case in golden.each("shrunk")) {
            val small = shrink(case.picture("picture"), case.int("factor"))
            assertEquals(case.ints("shape").toList(), listOf(small.height, small.width, small.colours))
            assertInts("by ${case.int("factor")}", case.ints("values"), samples(small))
        }
    }

    @Test
    fun shrunkAsItIsRead() {
        for (case in golden.each("shrunk")) {
            val shrunk = Shrunk(case.picture("picture"), case.int("factor"))
            assertEquals(case.ints("shape").toList(), listOf(shrunk.height, shrunk.width, shrunk.colours))
            assertInts("by ${case.int("factor")}", case.ints("values"), samples(shrunk))
            val right = IntArray(3)
            shrunk.read(shrunk.height - 1, shrunk.width - 1, 1, right, 0)
            assertInts("the last", case.ints("values").takeLast(3).toIntArray(), right)
        }
    }

    @Test
    fun storing() {
        for (case in golden.each("stored")) {
            val spec = case.tensor("spec")
            assertStored("${spec.dtype}", case.stored("stored", spec), store(case.doubles("values"), spec))
        }
    }

    @Test
    fun realValues() {
        for (case in golden.each("real")) {
            val spec = case.tensor("spec")
            assertFloats("${spec.dtype}", case.floats("values"), real(case.stored("stored", spec), spec))
        }
    }

    @Test
    fun alphaIsCarried() {
        for (case in golden.each("carried")) {
            val all = case.inner("picture").ints("values")
            val channels = case.inner("picture").ints("shape")[2]
            val alpha = IntArray(all.size / channels)
            val colours = IntArray(all.size - alpha.size)
            splitAlpha(all, channels, colours, alpha)
            assertInts("colours", case.inner("colours").ints("values"), colours)
            assertInts("alpha", case.ints("alpha"), alpha)
            val joined = IntArray(all.size)
            joinAlpha(colours, alpha, channels, joined)
            assertInts("joined", all, joined)
        }
    }
}
