package org.heirloom.core

import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import java.util.Random

class DetectorTest {
    private val golden = golden("damage.json")

    @Test
    fun opened() {
        for (case in golden.each("opened")) {
            val found = opened(case.mask(), case.int("side"))
            assertMask("a square of ${case.int("side")}", case.mask("result"), found.values)
        }
    }

    @Test
    fun grown() {
        for (case in golden.each("grown")) {
            val mask = case.mask().also { grow(it, case.int("pixels")) }
            assertMask("by ${case.int("pixels")}", case.mask("result"), mask.values)
        }
    }

    @Test
    fun masks() {
        for ((i, case) in golden.each("masks").withIndex()) {
            val picture = case.picture("picture")
            val bytes = case.ints("levels").map { it.toByte() }.toByteArray()
            val levels = DamageLevels(picture.height, picture.width, bytes)
            val faces =
                case.rows("faces").map { (left, top, width, height) -> FaceArea(left, top, width, height) }
            val mask = damageMask(levels, picture, { faces }, case.inner("rule").detection())
            assertMask("case $i", case.mask("mask"), mask.values)
        }
    }

    /** A bar of four rows, of which the first face holds three, and a thin line in the second face. */
    @Test
    fun aFaceIsJudgedWithoutRegardToOthers() {
        val bar = (3..6).flatMap { row -> (2..13).map { column -> 16 * row + column } }
        val line = (5..10).map { column -> 16 * 9 + column }
        val levels = DamageLevels(12, 16)
        for (at in bar + line) levels.raise(at, 255)
        val faces = listOf(FaceArea(0, 0, 12, 6), FaceArea(4, 2, 12, 10))
        val rule = Detection(thick = 1, faceThick = 4, grow = 0)
        // Of the bar, only what lies outside of both is left.
        val expected = listOf(16 * 6 + 2, 16 * 6 + 3) + line
        for (order in listOf(faces, faces.reversed())) {
            val mask = damageMask(levels, ArrayPixels(12, 16, 3, ByteArray(12 * 16 * 3)), { order }, rule)
            assertEquals(expected, mask.values.indices.filter { mask.values[it] })
        }
    }

    @Test
    fun regionsAreWhatASpreadingFloodReaches() {
        for (seed in 1L..30) {
            val random = Random(seed)
            val mask = Mask(1 + random.nextInt(12), 1 + random.nextInt(12))
            for (i in mask.values.indices) mask.values[i] = random.nextFloat() < 0.2 + seed / 60.0
            val plane = IntArray(mask.values.size) { random.nextInt(99) }
            val rows: Rows = {
                row,
                into,
                ->
                plane.copyInto(into, 0, row * mask.width, (row + 1) * mask.width)
            }
            val regions = Regions.find(mask.height, mask.width) { mask.values[it] }
            val flooded = flooded(mask)
            assertEquals(flooded.size, regions.count)
            val (areas, sums, maxima) = Triple(regions.areas(), regions.sums(rows), regions.maxima(rows))
            for (region in 0 until regions.count) {
                val drawn = Mask(mask.height, mask.width)
                regions.set(drawn, true) { it == region }
                val pixels =
                    drawn.values.indices
                        .filter { drawn.values[it] }
                        .toSet()
                assertTrue("$pixels", pixels in flooded)
                assertEquals(pixels.size.toLong(), areas[region])
                assertEquals(pixels.sumOf { plane[it].toLong() }, sums[region])
                assertEquals(pixels.maxOf { plane[it] }, maxima[region])
            }
        }
    }

    private fun flooded(mask: Mask): Set<Set<Int>> {
        val left =
            mask.values.indices
                .filter { mask.values[it] }
                .toMutableSet()
        val regions = HashSet<Set<Int>>()
        while (left.isNotEmpty()) {
            val region = HashSet<Int>()
            val next = ArrayList(listOf(left.first()))
            while (next.isNotEmpty()) {
                val at = next.removeAt(next.size - 1)
                if (!left.remove(at)) continue
                region.add(at)
                for (y in -1..1) {
                    val row = at / mask.width + y
                    for (x in maxOf(0, at % mask.width - 1)..minOf(mask.width - 1, at % mask.width + 1)) {
                        next.add(row * mask.width + x)
                    }
                }
            }
            regions.add(region)
        }
        return regions
    }

    @Test
    fun levelsOfAllSizesAreMerged() {
        val detector =
            loadedPart(
                "scratch",
                stride = 1,
                halo = 0,
                inputs = listOf(Tensor("photo", "in", 3, DataType.UINT8, 1 / 255.0, 0, null)),
                outputs = listOf(Tensor("probability", "out", 1, DataType.FLOAT32, 1.0, 0, null)),
                tiles = listOf(Tile(1, 4, "wide", null)),
            ) { (seen) ->
                // Only white is damage.
                val samples = (seen as Int8Values).values
                FloatValues(FloatArray(4) { if (samples[3 * it] == (-1).toByte()) 1f else 0.25f })
            }
        val shades = intArrayOf(254, 255, 255, 0, 0, 0, 255)
        val picture = ArrayPixels(1, 7, 3, ByteArray(21) { shades[it / 3].toByte() })
        val whole = damageLevels(detector, picture, Detection(smallestSide = 4))
        assertEquals(listOf(64, 255, 255, 64, 64, 64, 255), List(7) { whole[it] })
        // The mean of 254 and 255 is rounded up, so that the half shows the first pixel white, too.
        val halved = damageLevels(detector, picture, Detection(smallestSide = 3))
        assertEquals(listOf(255, 255, 255, 64, 64, 64, 255), List(7) { halved[it] })
    }

    @Test
    fun facesAreLookedForOnlyWhereThereIsDamage() {
        val pipeline = golden("pipeline.json")
        val bundle = bundleOf(pipeline.text("manifest_text")!!)
        val toy = Toy(pipeline.ints("finder_points"))
        val pixels = pipeline.each("cases")[0].picture("picture")
        for (isDamaged in listOf(true, false)) {
            val asked = HashSet<String>()
            val networks =
                object : PartRunner by toy {
                    override fun run(
                        part: String,
                        artifact: Artifact,
                        tile: Tile,
                        inputs: List<Stored>,
                    ): Stored {
                        asked.add(part)
                        val output = toy.run(part, artifact, tile, inputs)
                        // One level below the minimum of a region's highest level.
                        if (part == "scratch" && !isDamaged) {
                            (output as Int8Values).values.fill((177 - 128).toByte())
                        }
                        return output
                    }
                }
            val done = Restorer(bundle, networks).restore(pixels, Options(fillOnly = true)).done
            assertEquals(isDamaged, done.isNotEmpty())
            assertEquals(isDamaged, "finder" in asked)
        }
    }
}
