package org.heirloom.app.photo.metadata

import java.nio.ByteBuffer
import java.nio.ByteOrder
import kotlin.test.Test
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertNotNull
import kotlin.test.assertNull

class ExifBlockTest {
    @Test
    fun `the orientation is taken out and the thumbnail's link is cut, in both byte orders`() {
        for (order in listOf(ByteOrder.LITTLE_ENDIAN, ByteOrder.BIG_ENDIAN)) {
            val block = exif(orientation = 6, order = order)
            val found = assertNotNull(ExifBlock.of(block))
            assertEquals(6, found.orientation)
            assertContentEquals(exif(orientation = 1, order = order, next = 0), found.upright)
        }
    }

    @Test
    fun `what was handed in stays as it was`() {
        val block = exif(orientation = 3)
        ExifBlock.of(block)
        assertContentEquals(exif(orientation = 3), block)
    }

    @Test
    fun `an orientation of another type or out of range counts as 1`() {
        assertEquals(1, ExifBlock.of(exif(orientation = 6, type = 4))?.orientation)
        assertEquals(1, ExifBlock.of(exif(orientation = 9))?.orientation)
        assertEquals(1, ExifBlock.of(exif(orientation = 0))?.orientation)
    }

    @Test
    fun `broken blocks are dropped`() {
        val whole = exif(orientation = 6)
        for (size in 0 until whole.size - 4) assertNull(ExifBlock.of(whole.copyOf(size)), "$size bytes")
        assertNull(ExifBlock.of(whole.also { it[0] = 'X'.code.toByte() }))
        assertNull(ExifBlock.of(exif(orientation = 6).also { ByteBuffer.wrap(it).putInt(4, -1) }))
    }

    @Test
    fun `a block that ends with its directory is read`() {
        val whole = exif(orientation = 8)
        assertEquals(8, ExifBlock.of(whole.copyOf(whole.size - 4))?.orientation)
    }
}

/** An EXIF block with a camera's name, an orientation and a link to a thumbnail. */
internal fun exif(
    orientation: Int,
    order: ByteOrder = ByteOrder.LITTLE_ENDIAN,
    type: Int = 3,
    next: Int = 38,
): ByteArray {
    val bytes = ByteBuffer.allocate(38).order(order)
    bytes.put((if (order == ByteOrder.LITTLE_ENDIAN) "II" else "MM").toByteArray())
    bytes.putShort(42).putInt(8).putShort(2)
    bytes
        .putShort(0x010f)
        .putShort(2)
        .putInt(4)
        .put("Box\u0000".toByteArray())
    bytes
        .putShort(0x0112)
        .putShort(type.toShort())
        .putInt(1)
        .putShort(orientation.toShort())
        .putShort(0)
    bytes.putInt(next)
    return bytes.array()
}
