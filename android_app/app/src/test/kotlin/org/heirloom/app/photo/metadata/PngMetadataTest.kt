package org.heirloom.app.photo.metadata

import java.io.ByteArrayInputStream
import java.io.ByteArrayOutputStream
import java.io.IOException
import java.nio.ByteBuffer
import java.util.zip.CRC32
import kotlin.test.Test
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertNull

class PngMetadataTest {
    private val header = chunk("IHDR", ByteArray(13) { 1 })
    private val pixels = chunk("IDAT", ByteArray(40) { it.toByte() }) + chunk("IEND", ByteArray(0))
    private val density = chunk("pHYs", bytes(0, 0, 46, 35, 0, 0, 46, 35, 1))
    private val keyword = "XML:com.adobe.xmp\u0000\u0000\u0000\u0000\u0000"
    private val encoded = png(header, pixels)

    @Test
    fun `what a source carries goes behind the header of another file`() {
        val packet = chunk("iTXt", latin("$keyword<x><tiff:Orientation>6</x>"))
        val source = png(header, density, chunk("eXIf", exif(orientation = 6)), packet, pixels)
        val metadata = Metadata.read(ByteArrayInputStream(source))
        assertEquals(6, metadata.orientation)
        val expected =
            png(
                header,
                density,
                chunk("eXIf", exif(orientation = 1, next = 0)),
                chunk("iTXt", latin("$keyword<x><tiff:Orientation>1</x>")),
                pixels,
            )
        assertContentEquals(expected, write(encoded, metadata))
    }

    @Test
    fun `nothing to carry changes nothing`() {
        assertContentEquals(encoded, write(encoded, Metadata()))
    }

    @Test
    fun `chunks behind the pixels are not looked for, and broken lengths end the search`() {
        val late = png(header, pixels, chunk("eXIf", exif(orientation = 6)))
        assertNull(Metadata.read(ByteArrayInputStream(late)).exif)
        val broken = png(header, bytes(0x7f, 0xff, 0xff, 0xff) + latin("eXIf"))
        assertNull(Metadata.read(ByteArrayInputStream(broken)).exif)
    }

    @Test
    fun `a PNG of 16 bits is recognized by its header`() {
        val size = ByteArray(8) { 1 }
        for (depth in listOf(1, 8, 16)) {
            val file = png(chunk("IHDR", size + bytes(depth, 2, 0, 0, 0)), pixels)
            assertEquals(depth == 16, isDeep(file), "$depth bits")
            assertFalse(isDeep(file.copyOf(24)))
        }
        assertFalse(isDeep(ByteArray(64) { 16 }))
    }

    @Test
    fun `only a PNG is written into`() {
        assertFailsWith<IOException> { write(latin("GIF89a"), Metadata()) }
    }

    private fun isDeep(file: ByteArray) = PngMetadata.isDeep(ByteArrayInputStream(file))

    private fun write(
        encoded: ByteArray,
        metadata: Metadata,
    ): ByteArray =
        ByteArrayOutputStream()
            .also { PngMetadata.write(ByteArrayInputStream(encoded), metadata, it) }
            .toByteArray()

    private fun png(vararg chunks: ByteArray): ByteArray =
        chunks.fold(bytes(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) { file, chunk -> file + chunk }

    private fun chunk(
        name: String,
        content: ByteArray,
    ): ByteArray {
        val checksum = CRC32().also { it.update(latin(name) + content) }.value.toInt()
        val size = ByteBuffer.allocate(4).putInt(content.size).array()
        return size + latin(name) + content + ByteBuffer.allocate(4).putInt(checksum).array()
    }
}
