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

    /** The detector's tiles count by their part in all work, as in Python; damage takes another mapper. */
    @Test
    fun progressIsTheShareOfTheWork() {
        val plain = Work(Options(scratches = Scratches.Off, faces = Faces.Off))
        val chain = plain.ran.filter { (part, _) -> part in CHAIN }.sumOf { it.second }
        for (faces in listOf(Faces.Auto, Faces.Off)) {
            val work = Work(Options(faces = faces))
            val detector = work.ran.filter { it.first == "scratch" }.sumOf { it.second }
            val later = work.ran.filter { it.first in CHAIN + "face" }.sumOf { it.second }
            val detection = detector.toDouble() / (detector + chain)
            var expected = 0.0
            for ((run, share) in work.ran zip work.shares) {
                val (part, cost) = run
                if (part == "scratch") expected += detection * cost / detector
                if (part in CHAIN + "face") expected += (1 - detection) * cost / later
                assertEquals(part, expected, share.toDouble(), 1e-6)
            }
            assertEquals(work.ran.size, work.shares.size)
            assertEquals(1f, work.shares.last())
        }
    }

    @Test
    fun progressOfFillingAlone() {
        val found = Work(Options(fillOnly = true))
        val detector = found.ran.filter { it.first == "scratch" }
        val first = detector[0].second.toFloat() / detector.sumOf { it.second }
        assertEquals(first, found.shares[0], 1e-6f)
        assertEquals(found.shares.sorted(), found.shares)
        assertEquals(1f, found.shares.last())
        assertEquals(listOf(1f), Work(Options(scratches = Scratches.Off, fillOnly = true)).shares)
    }

    /** The networks that ran with their multiply-accumulates, and the progress that was reported. */
    private inner class Work(
        options: Options,
    ) {
        val ran = ArrayList<Pair<String, Long>>()
        val shares = ArrayList<Float>()

        init {
            val counting =
                object : PartRunner by toy {
                    override fun run(
                        part: String,
                        artifact: Artifact,
                        tile: Tile,
                        inputs: List<Stored>,
                    ): Stored {
                        ran.add(part to bundle.part(part).macsPerCell * tile.rows * tile.columns)
                        return toy.run(part, artifact, tile, inputs)
                    }
                }
            Restorer(bundle, counting).restore(group.picture("picture"), options) { shares.add(it) }
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
    fun stepsAreToldAsTheyEnd() {
        val pixels = group.picture("picture")
        val before = samples(pixels)
        val told = ArrayList<Pair<Step, IntArray>>()
        val restorer = Restorer(bundle, toy)
        restorer.restore(pixels, ended = { told.add(it to samples(pixels)) })
        val filled = group.picture("picture").also { restorer.restore(it, Options(fillOnly = true)) }
        assertEquals(2, told.size)
        val found = (told[0].first as Step.Found).damage!!
        assertMask("found", restorer.findDamage(group.picture("picture"))!!.mask.values, found.mask.values)
        assertInts("when found", before, told[0].second)
        assertEquals(Step.Filled, told[1].first)
        assertInts("when filled", samples(filled), told[1].second)
    }

    @Test
    fun findingDamageHasAProgressAndIsCancelledByIt() {
        val shares = ArrayList<Float>()
        Restorer(bundle, toy).findDamage(group.picture("picture")) { shares.add(it) }
        assertEquals(shares.sorted(), shares)
        assertEquals(1f, shares.last())
        assertThrows(CancellationException::class.java) {
            Restorer(bundle, toy).findDamage(group.picture("picture")) { throw CancellationException() }
        }
    }

    /** The tone, the fill and all else outside of the networks read the photo's rows. */
    @Test
    fun pixelsCancelWhereNoNetworkRuns() {
        var isCancelled = false
        val photo = group.picture("picture")
        val pixels =
            object : Pixels by photo {
                override fun read(
                    row: Int,
                    left: Int,
                    count: Int,
                    into: IntArray,
                    at: Int,
                ) {
                    if (isCancelled) throw CancellationException("enough")
                    photo.read(row, left, count, into, at)
                }
            }
        var ran = 0
        assertThrows(CancellationException::class.java) {
            Restorer(bundle, toy).restore(pixels, ended = { isCancelled = it is Step.Filled }) { ran++ }
        }
        var all = 0
        Restorer(bundle, toy).restore(group.picture("picture")) { all++ }
        assertTrue("$ran of $all", ran < all)
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
    fun alphaCountsAmongThePixels() {
        val plain = group.picture("picture")
        val withAlpha =
            object : Pixels by group.picture("picture") {
                override val bytes get() = plain.bytes + 10_000_000
            }
        val need = Budget.need(96, 112, bundle, pixelBytes = plain.bytes).total
        val restorer = Restorer(bundle, toy, maxMemory = need + (need - BASE) / 3)
        restorer.restore(plain)
        assertThrows(MemoryBudgetExceeded::class.java) { restorer.restore(withAlpha) }
    }

    @Test
    fun memoryFollowsTheOptions() {
        // The fill's first level lies in a file, so that the latent and its mapped copy are the most.
        val store = LatentStore(heapLimit = 600_000)

        fun heap(options: Options) = Budget.need(1000, 1000, bundle, store, options = options).heap
        val all = heap(Options())
        assertEquals("no latent", FILL - 1_000_000, heap(Options(fillOnly = true)) - (all - 1_000_000))
        val painted = Options(scratches = Scratches.Painted(Damage(Mask(1000, 1000), 1)))
        assertEquals("a whole mask", 1_000_000 - MASK, heap(painted) - all)
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
                assertTrue(restored.done.none { it is Done.DamageFilled })
                samples(pixels)
            }
        assertInts("all and none", results[1], results[0])
    }

    @Test
    fun bundleThatCanNotMendDamageLeavesThePhoto() {
        val text = golden.text("manifest_text")!!
        val part = Regex(""""mapper_global":.*?\}\]\},""")
        val pixels = group.picture("picture")
        val before = samples(pixels)
        val restorer = Restorer(bundleOf(text.replaceFirst(part, "")), toy)
        assertThrows(MissingArtifact::class.java) { restorer.restore(pixels) }
        assertInts("untouched", before, samples(pixels))
        // It can fill it all the same.
        assertEquals(1, restorer.restore(pixels, Options(fillOnly = true)).done.size)
    }

    @Test
    fun bundleThatCanNotRefineMarkedFacesLeavesThePhoto() {
        val text = golden.text("manifest_text")!!
        val part = Regex(""","face":.*?\}\]\}""")
        val pixels = group.picture("picture")
        val before = samples(pixels)
        val restorer = Restorer(bundleOf(text.replaceFirst(part, "")), toy)
        val marked = Faces.Boxes(listOf(FaceBox(20.0, 12.0, 60.0, 70.0)))
        assertThrows(MissingArtifact::class.java) { restorer.restore(pixels, Options(faces = marked)) }
        assertInts("untouched", before, samples(pixels))
        // None are marked: there is nothing to miss.
        restorer.restore(pixels, Options(faces = Faces.Boxes(emptyList())))
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
        val CHAIN = listOf("encoder", "mapper", "mapper_global", "decoder")

        /** The mask of the toy detector, which takes a photo of 1000 pixels shrunk by 16. */
        const val MASK = 63L * 63

        /** 500 pixels squared and all halves, with three colours and a weight. */
        const val FILL = 4L * (250_000 + 62_500 + 15_625 + 3969 + 1024 + 256 + 64 + 16 + 4 + 1)
    }
}
