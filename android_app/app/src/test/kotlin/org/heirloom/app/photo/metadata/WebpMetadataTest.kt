package org.heirloom.app.photo.metadata

import java.io.ByteArrayInputStream
import kotlin.test.Test
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertNull

class WebpMetadataTest {
    private val pixels = chunk("VP8 ", ByteArray(31) { it.toByte() })

    @Test
    fun `the orientation is found behind chunks of odd size, with JPEG's prefix and without`() {
        for (prefix in listOf("", "Exif\u0000\u0000")) {
            val block = chunk("EXIF", latin(prefix) + exif(orientation = 6))
            val metadata = read(webp(chunk("VP8X", ByteArray(10)), pixels, block))
            assertEquals(6, metadata.orientation)
            assertContentEquals(exif(orientation = 1, next = 0), metadata.exif?.upright)
        }
    }

    @Test
    fun `what has no EXIF, or is no WebP, has none`() {
        assertNull(read(webp(pixels)).exif)
        assertNull(read(latin("RIFF....WAVE") + chunk("EXIF", exif(6))).exif)
    }

    @Test
    fun `broken files are read as far as they go`() {
        val whole = webp(pixels, chunk("EXIF", exif(orientation = 6)))
        for (size in whole.indices) assertNull(read(whole.copyOf(size)).exif, "$size bytes")
        assertNull(read(webp(latin("EXIF") + bytes(0xff, 0xff, 0xff, 0xff))).exif)
    }

    private fun read(file: ByteArray) = Metadata.read(ByteArrayInputStream(file))

    private fun webp(vararg chunks: ByteArray): ByteArray =
        chunks.fold(latin("RIFF....WEBP")) { file, chunk -> file + chunk }

    private fun chunk(
        name: String,
        content: ByteArray,
    ): ByteArray {
        val size = content.size
        val padding = ByteArray(size % 2)
        return latin(name) + bytes(size and 0xff, size shr 8, 0, 0) + content + padding
    }
}
