package org.heirloom.core

import org.junit.Assert.assertEquals
import org.junit.Test

class PipelineTest {
    private val golden = golden("pipeline.json")
    private val bundle = bundleOf(golden.text("manifest_text")!!)
    private val toy = Toy(golden.ints("finder_points"))

    @Test
    fun wholePhotos() {
        for (latents in listOf(LatentStore(), LatentStore(heapLimit = 0))) {
            for ((i, case) in golden.each("cases").withIndex()) {
                val pixels = picture(case)
                val restored = Restorer(bundle, toy, latents = latents).restore(pixels, options(case))
                assertEquals("case $i", case.texts("done"), restored.done.map { it.words })
                assertEquals("case $i", case.int("faces_found"), restored.faces.size)
                assertInts("case $i", case.inner("result").ints("values"), samples(pixels))
            }
        }
    }

    @Test
    fun foundDamageRestoresAsFoundWhileRestoring() {
        for ((i, case) in golden.each("cases").withIndex()) {
            val options = options(case)
            if (options.scratches !is Scratches.Auto) continue
            val pixels = picture(case)
            val before = samples(pixels)
            val restorer = Restorer(bundle, toy)
            val found = restorer.findDamage(pixels)
            assertInts("case $i: untouched", before, samples(pixels))
            val given = if (found == null) Scratches.Off else Scratches.Painted(found)
            restorer.restore(pixels, options.copy(scratches = given))
            assertInts("case $i", case.inner("result").ints("values"), samples(pixels))
        }
    }

    /** A gray picture that may become coloured is handed over in colour. */
    private fun picture(case: Vector): Pixels {
        val pixels = case.picture("picture")
        if (pixels.colours == 3 || case.flag("keep_gray")) return pixels
        val gray = samples(pixels)
        return case.inner("result").pixels(IntArray(gray.size * 3) { gray[it / 3] })
    }

    private fun options(case: Vector): Options {
        val (height, width) = case.inner("picture").ints("shape")
        val painted = if (case.isNull("painted")) null else Mask(height, width, case.mask("painted"))
        return Options(
            strength = case.number("strength"),
            scratches =
                when {
                    painted != null -> Scratches.Painted(Damage(painted, 1))
                    case.text("scratches") == "off" -> Scratches.Off
                    else -> Scratches.Auto
                },
            fillOnly = case.flag("fill_only"),
            keepGray = case.flag("keep_gray"),
            faces =
                when (case.value("faces")) {
                    "auto" -> Faces.Auto
                    "off" -> Faces.Off
                    else -> Faces.Boxes(case.rows("faces").map { it.map(Int::toDouble) }.map(::faceBox))
                },
            faceStrength = case.number("face_strength"),
        )
    }

    private fun faceBox(box: List<Double>) = FaceBox(box[0], box[1], box[2], box[3])
}
