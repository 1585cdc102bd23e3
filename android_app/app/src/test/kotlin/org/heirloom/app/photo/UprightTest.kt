package org.heirloom.app.photo

import kotlin.test.Test
import kotlin.test.assertEquals

class UprightTest {
    /** The picture "ab/cd/ef" as a file of each orientation stores it, from EXIF's definition. */
    private val stored =
        mapOf(
            1 to "ab/cd/ef",
            2 to "ba/dc/fe",
            3 to "fe/dc/ba",
            4 to "ef/cd/ab",
            5 to "ace/bdf",
            6 to "bdf/ace",
            7 to "fdb/eca",
            8 to "eca/fdb",
        )

    @Test
    fun `every orientation comes upright`() {
        for ((orientation, picture) in stored) {
            assertEquals("ab/cd/ef", upright(orientation, picture.split("/")), "orientation $orientation")
        }
    }

    private fun upright(
        orientation: Int,
        rows: List<String>,
    ): String {
        val upright = Upright(orientation, rows[0].length, rows.size)
        val values = upright.matrix()
        val moved = Array(upright.height) { CharArray(upright.width) }
        for (y in rows.indices) {
            for (x in rows[y].indices) {
                val across = values[0] * (x + 0.5f) + values[1] * (y + 0.5f) + values[2]
                val down = values[3] * (x + 0.5f) + values[4] * (y + 0.5f) + values[5]
                moved[down.toInt()][across.toInt()] = rows[y][x]
            }
        }
        return moved.joinToString("/") { String(it) }
    }
}
