package org.heirloom.app

import java.io.ByteArrayInputStream
import java.io.ByteArrayOutputStream
import java.io.IOException
import java.util.concurrent.CancellationException
import kotlin.test.Test
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith

class CancelTest {
    private val cancel = Cancel()
    private val bytes = ByteArray(9) { it.toByte() }

    @Test
    fun `a job that is not cancelled reads and writes all`() {
        val target = ByteArrayOutputStream()
        cancel.writing(target).use { cancel.reading(ByteArrayInputStream(bytes)).copyTo(it) }
        cancel.check()
        assertContentEquals(bytes, target.toByteArray())
    }

    @Test
    fun `a cancelled job ends at its next step`() {
        val source = cancel.reading(ByteArrayInputStream(bytes))
        val target = cancel.writing(ByteArrayOutputStream())
        assertEquals(0, source.read())
        target.write(1)
        cancel.request()
        assertEquals(-1, source.read())
        assertEquals(-1, source.read(ByteArray(4)))
        assertFailsWith<IOException> { target.write(1) }
        assertFailsWith<IOException> { target.write(bytes) }
        assertFailsWith<CancellationException> { cancel.check() }
    }
}
