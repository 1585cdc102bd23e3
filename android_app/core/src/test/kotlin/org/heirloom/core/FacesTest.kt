package org.heirloom.core

import org.junit.Assert.assertEquals
import org.junit.Assert.assertNull
import org.junit.Test

class FacesTest {
    private val golden = golden("faces.json")

    @Test
    fun similarities() {
        for (case in golden.each("similarities")) {
            val found = Similarity.between(case.doubles("source"), case.doubles("target"))
            assertDoubles("matrix", case.doubles("matrix"), numbers(found), 1e-9)
            assertDoubles("inverse", case.doubles("inverse"), numbers(found.inverse()), 1e-9)
            assertEquals(case.number("scale"), found.scale, 1e-9)
            assertEquals(case.number("face_width"), faceWidth(case.doubles("target")), 1e-9)
        }
    }

    @Test
    fun boxes() {
        for (case in golden.each("boxes")) {
            val (left, top, width, height) = case.doubles("box")
            val face = Face.inBox(FaceBox(left, top, width, height))
            assertDoubles("points", case.doubles("points"), face.points, 1e-9)
            val box = face.box()
            val back = doubleArrayOf(box.left, box.top, box.width, box.height)
            assertDoubles("back", case.doubles("back"), back, 0.0)
        }
    }

    @Test
    fun squares() {
        for ((i, case) in golden.each("squares").withIndex()) {
            val m = case.doubles("matrix")
            val alignment = Similarity(m[0], m[1], m[2], m[3], m[4], m[5])
            val square = square(case.picture("picture"), alignment, case.int("side"))
            assertInts("case $i", case.ints("values"), samples(square))
        }
    }

    @Test
    fun feather() {
        val case = golden.inner("feather")
        val every = case.int("every")
        val steps = 0 until FACE_SIDE step every
        val values =
            steps
                .flatMap { y ->
                    steps.map { x -> FEATHER[y * FACE_SIDE + x].toDouble() }
                }.toDoubleArray()
        assertDoubles("values", case.doubles("values"), values, 1e-6)
        assertEquals(case.number("sum"), FEATHER.sumOf { it.toDouble() }, 1e-6 * case.number("sum"))
    }

    @Test
    fun finds() {
        for (case in golden.each("finds")) {
            val (rows, columns, channels) = case.ints("shape")
            val map = PartMap(rows, columns, channels, case.floats("told"))
            val found = finds(map, case.int("stride"), case.number("threshold"))
            assertFaces(case.each("faces"), found, 1e-5)
        }
    }

    @Test
    fun mergedFinds() {
        for (case in golden.each("merged")) {
            assertFaces(case.each("faces"), merged(case.each("finds").map(::face)), 0.0)
        }
    }

    /** The score of the only cell is sure; its points lie so far out that no number holds their spread. */
    @Test
    fun pointsWithoutAFiniteSpreadAreNoFace() {
        val told = FloatArray(11) { if (it % 2 == 0) 3e38f else -3e38f }.also { it[0] = 9f }
        assertEquals(emptyList<Face>(), finds(PartMap(1, 1, 11, told), 8, 0.5))
    }

    @Test
    fun aFaceOfOnePointIsNotLookedAtAgain() {
        val finder = loadedPart("finder", 8, 0, emptyList(), tiles = listOf(Tile(16, 16, "finder", null)))
        val face = Face(DoubleArray(10) { 3.0 }, 1.0)
        assertNull(lookAgain(finder, ArrayPixels(8, 8, 3), face))
    }

    @Test
    fun refinedFaces() {
        for ((i, case) in golden.each("refined").withIndex()) {
            val residual = residual(case.int("residual_seed"))
            val pair = int8("face_pair", 96, 1 / 255.0, -128)
            val tiles = listOf(Tile(64, 64, "face", null))
            val outputs = listOf(case.tensor("spec"))
            val part = loadedPart("face", 4, 0, listOf(pair), outputs, tiles) { residual }
            val change = refined(part, picture(case.int("before_seed")), picture(case.int("restored_seed")))
            val some = change.indices.step(case.int("every")).map { change[it].toInt() }
            assertInts("case $i", case.ints("steps"), some.toIntArray())
            val record = judged(Face.inBox(FaceBox(0.0, 0.0, 100.0, 120.0)), change)
            assertEquals(case.number("amount"), record.change, 0.0)
            assertEquals(case.flag("applied"), record.refined)
        }
    }

    @Test
    fun putBack() {
        for ((i, case) in golden.each("put_back").withIndex()) {
            val pixels = case.picture("picture")
            val faces = case.each("faces")
            val changes = faces.map { change(it.int("seed")) }
            val placed = faces.map { Face(it.doubles("points"), 1.0) }
            putBack(pixels, placed, changes, case.number("strength"), case.flag("gray"))
            assertInts("case $i", case.ints("result"), samples(pixels))
        }
    }

    private fun numbers(each: Similarity) = doubleArrayOf(each.a, each.b, each.c, each.d, each.e, each.f)

    private fun face(case: Vector) = Face(case.doubles("points"), case.number("score"))

    private fun assertFaces(
        expected: List<Vector>,
        found: List<Face>,
        tolerance: Double,
    ) {
        assertEquals(expected.size, found.size)
        for ((case, face) in expected.zip(found)) {
            assertDoubles("points", case.doubles("points"), face.points, tolerance)
            assertEquals(case.number("score"), face.score, tolerance)
        }
    }

    private fun change(seed: Int) =
        ShortArray(FACE_SIDE * FACE_SIDE * 3) {
            val x = it / 3 % FACE_SIDE
            val y = it / 3 / FACE_SIDE
            (((x * 7 + y * 13 + it % 3 * 29 + seed * 31) % 101 - 30) * 40).toShort()
        }

    private fun picture(seed: Int): ArrayPixels {
        val picture = ArrayPixels(FACE_SIDE, FACE_SIDE, 3)
        for (at in picture.values.indices) {
            val x = at / 3 % FACE_SIDE
            val y = at / 3 / FACE_SIDE
            picture.values[at] = ((x * 3 + y * 5 + at % 3 * 11 + seed * 17) % 256).toByte()
        }
        return picture
    }

    private fun residual(seed: Int) =
        Int8Values(
            ByteArray(64 * 64 * 48) {
                val column = it / 48 % 64
                val row = it / 48 / 64
                ((row * 7 + column * 13 + it % 48 * 29 + seed * 31) % 101 - 50).toByte()
            },
        )
}
