package org.heirloom.core

import org.junit.Assert.assertEquals
import org.junit.Assert.assertThrows
import org.junit.Test

class TilingTest {
    private val golden = golden("tiling.json")

    @Test
    fun plans() {
        for (case in golden.each("plans")) {
            val tiles = plan(case.box("area"), case.sizes("sizes"), case.int("halo"))
            assertEquals("${case.box("area")}", case.rows("tiles"), rows(tiles))
        }
    }

    @Test
    fun tilesOfNothingButHaloAreRefused() {
        for (case in golden.each("refused")) {
            assertThrows(IllegalArgumentException::class.java) {
                plan(Box(0, 0, 9, 9), case.sizes("sizes"), case.int("halo"))
            }
        }
    }

    @Test
    fun mirroring() {
        for (case in golden.each("mirrored")) {
            val indices = mirrored(case.int("start"), case.int("stop"), case.int("length"))
            assertInts("mirrored", case.ints("indices"), indices)
        }
    }

    @Test
    fun windows() {
        for (case in golden.each("windows")) {
            val (rows, columns) = case.ints("size")
            val window = window(case.box("keep"), TileSize(rows, columns), case.int("halo"))
            assertEquals(case.box("window"), window)
        }
    }

    @Test
    fun routes() {
        for (case in golden.each("routes")) {
            val (height, width) = case.ints("shape")
            val (encoder, mapper, decoder) = listOf("encoder", "mapper", "decoder").map { part(case, it) }
            val route = planRoute(height, width, encoder, mapper, decoder)
            val what = "${height}x$width"
            assertEquals(what, case.box("latent_area"), route.latentArea)
            assertEquals(what, case.rows("encoding"), placed(route.encoding))
            val bands = case.each("bands")
            assertEquals(what, bands.map { it.box("mapped_area") }, route.bands.map { it.mappedArea })
            assertEquals(what, bands.map { it.rows("mapping") }, route.bands.map { placed(it.mapping) })
            assertEquals(what, bands.map { it.rows("decoding") }, route.bands.map { placed(it.decoding) })
        }
    }

    private fun part(
        case: Vector,
        name: String,
    ): LoadedPart {
        val offered = case.inner(name)
        val tiles = offered.sizes("sizes").map { Tile(it.rows, it.columns, name, null) }
        return loadedPart(name, case.int("stride"), offered.int("halo"), emptyList(), tiles = tiles)
    }

    private fun placed(readings: List<Reading>) = rows(readings.map { it.placement })

    private fun rows(placements: List<Placement>) =
        placements.map { (keep, size) -> listOf(keep.top, keep.left, keep.bottom, keep.right, size) }
}
