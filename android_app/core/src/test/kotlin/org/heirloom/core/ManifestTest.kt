package org.heirloom.core

import org.junit.Assert.assertEquals
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Test

class ManifestTest {
    private val golden = golden("manifests.json")

    @Test
    fun goodOnes() {
        for (case in golden.each("good")) {
            val manifest = decodeManifest(case.text("text")!!.toByteArray())
            val facts = case.inner("facts")
            assertEquals(facts.texts("parts"), manifest.parts.keys.toList())
            assertEquals(facts.text("version"), manifest.version)
            assertEquals(facts.int("artifacts"), manifest.parts.values.sumOf { it.artifacts.size })
            assertEquals(facts.int("working_side"), manifest.workingSide)
            assertEquals(facts.inner("detection").detection(), manifest.detection)
            assertEquals(facts.number("finder_threshold"), manifest.finderThreshold, 0.0)
        }
    }

    @Test
    fun badOnesAreRefused() {
        for (case in golden.each("bad")) {
            val name = case.text("name")!!
            val raw = case.text("text")!!.toByteArray()
            val error = assertThrows(name, HeirloomError::class.java) { decodeManifest(raw) }
            assertEquals(name, case.text("error"), error.javaClass.simpleName)
        }
    }

    @Test
    fun whatDoesNotFitTheStepIsNamed() {
        val good = golden("pipeline.json").text("manifest_text")!!
        val changes =
            mapOf(
                "the halo (1)" to ("\"halo\":2,\"step\":2" to "\"halo\":1,\"step\":2"),
                "a tile of 15x14 cells" to ("\"rows\":16,\"columns\":14" to "\"rows\":15,\"columns\":14"),
                "golden vectors of 9x12 cells" to
                    ("{\"rows\":10,\"columns\":12,\"inputs\"" to "{\"rows\":9,\"columns\":12,\"inputs\""),
            )
        for ((problem, change) in changes) {
            val bad = good.replaceFirst(change.first, change.second).toByteArray()
            val error = assertThrows(problem, InvalidManifest::class.java) { decodeManifest(bad) }
            assertTrue(error.message, problem in error.message!!)
        }
    }

    @Test
    fun whatIsNotQuiteJsonIsRefused() {
        val good = golden.each("good")[0].text("text")!!
        val bad =
            listOf(
                good.replaceFirst("\"name\"", "name"),
                good.replaceFirst('"', '\''),
                "$good // a comment",
                good.dropLast(1) + ",}",
                good.replaceFirst("\"format_version\":2", "\"format_version\":02"),
                good.replaceFirst("\"format_version\":2", "\"format_version\":2.0"),
                good.replaceFirst("\"format_version\":2", "\"format_version\":\"2\""),
                good.replaceFirst("\"name\":\"", "\"name\":\"\u0001"),
                good.replaceFirst("\"name\":\"", "\"name\":\"\\ud800"),
                "[".repeat(100_000),
            )
        for (text in bad) {
            assertThrows(text.take(99), InvalidManifest::class.java) { decodeManifest(text.toByteArray()) }
        }
        assertThrows(InvalidManifest::class.java) { decodeManifest(good.toByteArray() + byteArrayOf(-1)) }
    }

    @Test
    fun escapesAreRead() {
        val raw = "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\ud83d\\ude00\"".toByteArray()
        assertEquals("\"\\/\b\u000c\n\r\tä😀", parseJson(raw))
    }
}
