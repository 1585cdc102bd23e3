package org.heirloom.core

import org.junit.Assert.assertEquals
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Test
import kotlin.coroutines.cancellation.CancellationException

class RestorerTest {
    private val golden = golden("pipeline.json")
    private val bundle = bundleOf(golden.text("manifest_text")!!)
    private val toy = Toy(golden.ints("finder_points"))
    private val group = golden.each("cases").first { it.int("faces_found") == 1 }

    @Test
    fun progressRises() {
        for (faces in listOf(Faces.Auto, Faces.Off)) {
            val shares = ArrayList<Float>()
            val restorer = Restorer(bundle, toy)
            restorer.restore(group.picture("picture"), Options(faces = faces)) { shares.add(it) }
            assertEquals(shares.sorted(), shares)
            assertEquals(0f, shares.first())
            assertEquals(1f, shares.last())
        }
    }

    @Test
    fun cancelled() {
        val restorer = Restorer(bundle, toy, latents = LatentStore(heapLimit = 0))
        assertThrows(CancellationException::class.java) {
            restorer.restore(group.picture("picture")) { share ->
                if (share > 0.5f) throw CancellationException("enough")
            }
        }
        // The next photo is none the worse for it.
        val case = golden.each("cases")[0]
        val pixels = case.picture("picture")
        restorer.restore(pixels, Options(faces = Faces.Off))
        assertInts("after cancelling", case.inner("result").ints("values"), samples(pixels))
    }

    @Test
    fun whatIsNotANumberIsNotUsed() {
        val broken = runner { _, _ -> FloatValues(FloatArray(27) { Float.NaN }) }
        val options = Options(scratches = Scratches.Off, faces = Faces.Off)
        assertThrows(NetworkFailed::class.java) {
            Restorer(bundle, broken).restore(group.picture("picture"), options)
        }
    }

    @Test
    fun tooLittleMemory() {
        val pixels = group.picture("picture")
        val before = samples(pixels)
        val error =
            assertThrows(MemoryBudgetExceeded::class.java) {
                Restorer(bundle, toy, maxMemory = 1 shl 20).restore(pixels)
            }
        assertTrue(error.message, "112x96" in error.message!!)
        assertInts("untouched", before, samples(pixels))
    }

    @Test
    fun memoryForWhatIsHeld() {
        val small = Budget.need(1000, 1000, bundle)
        val large = Budget.need(6000, 8000, bundle)
        assertEquals("a Bitmap, a mask and the fill's levels", 4_000_000L + MASK + FILL, small.total - BASE)
        val onDisk = Budget.need(1000, 1000, bundle, LatentStore(heapLimit = 0))
        assertEquals("the levels lie in a file", small.heap - FILL, onDisk.heap - 2 * MASK)
        assertTrue(large.total > small.total)
    }

    @Test
    fun maskThatDoesNotFit() {
        val pixels = group.picture("picture")
        val narrow = Damage(Mask(96, 111), 1)
        val coarse = Damage(Mask(33, 38), 3)
        for (damage in listOf(narrow, coarse)) {
            assertThrows(PhotoError::class.java) {
                Restorer(bundle, toy).restore(pixels, Options(scratches = Scratches.Painted(damage)))
            }
        }
    }

    @Test
    fun maskOfTheWholePhotoIsNoDamage() {
        val all = Scratches.Painted(Damage(Mask(96, 112, BooleanArray(96 * 112) { true }), 1))
        val results =
            listOf(all, Scratches.Off).map { scratches ->
                val pixels = group.picture("picture")
                val restored = Restorer(bundle, toy).restore(pixels, Options(scratches = scratches))
                assertTrue(restored.done.none { "damage" in it })
                samples(pixels)
            }
        assertInts("all and none", results[1], results[0])
    }

    @Test
    fun bundleThatCanNotMendDamageLeavesThePhoto() {
        val text = golden.text("manifest_text")!!
        val part = Regex(""""mapper_global":.*?"data":"none"\}\}\]\},""")
        val pixels = group.picture("picture")
        val before = samples(pixels)
        val restorer = Restorer(bundleOf(text.replaceFirst(part, "")), toy)
        assertThrows(MissingArtifact::class.java) { restorer.restore(pixels) }
        assertInts("untouched", before, samples(pixels))
        // It can fill it all the same.
        assertEquals(1, restorer.restore(pixels, Options(fillOnly = true)).done.size)
    }

    @Test
    fun coarseMaskIsTheSameAsAFineOne() {
        val squares = BooleanArray(32 * 38) { it % 37 == 0 }
        val coarse = Damage(Mask(32, 38, squares), 3)
        val fine =
            Damage(Mask(96, 112, BooleanArray(96 * 112) { squares[it / 112 / 3 * 38 + it % 112 / 3] }), 1)
        val results =
            listOf(coarse, fine).map { damage ->
                val pixels = group.picture("picture")
                Restorer(bundle, toy).restore(pixels, Options(scratches = Scratches.Painted(damage)))
                samples(pixels)
            }
        assertInts("coarse and fine", results[0], results[1])
    }

    private companion object {
        const val BASE = 130L shl 20

        /** The mask of the toy detector, which takes a photo of 1000 pixels shrunk by 16. */
        const val MASK = 63L * 63

        /** 500 pixels squared and all halves, with three colours and a weight. */
        const val FILL = 4L * (250_000 + 62_500 + 15_625 + 3969 + 1024 + 256 + 64 + 16 + 4 + 1)
    }
}
