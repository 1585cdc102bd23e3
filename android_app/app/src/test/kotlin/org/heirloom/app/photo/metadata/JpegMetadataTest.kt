package org.heirloom.app.photo.metadata

import java.io.ByteArrayInputStream
import java.io.ByteArrayOutputStream
import java.io.IOException
import java.nio.ByteOrder
import kotlin.test.Test
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertNull

class JpegMetadataTest {
    private val jfif = segment(0xe0, latin("JFIF\u0000") + bytes(1, 2, 0, 0, 1, 0, 1, 0, 0))
    private val fine = segment(0xe0, latin("JFIF\u0000") + bytes(1, 2, 1, 1, 44, 1, 44, 0, 0))
    private val table = segment(0xdb, ByteArray(65) { it.toByte() })
    private val scan = bytes(0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0) + bytes(1, 2, 0xff, 0, 3, 0xff, 0xd9)
    private val packet = latin("<x:xmpmeta tiff:Orientation=\"6\" dc:date=\"1931\"/>")
    private val profile = ByteArray(300) { it.toByte() }.also { latin("RGB ").copyInto(it, 16) }
    private val encoded = jpeg(jfif, table)

    @Test
    fun `what a source carries is read`() {
        val metadata =
            read(jpeg(fine, exifSegment(6), xmpSegment(packet), *iccSegments(profile, 100), table))
        assertEquals(6, metadata.orientation)
        assertContentEquals(exif(orientation = 1, next = 0), metadata.exif?.upright)
        assertContentEquals(latin("<x:xmpmeta tiff:Orientation=\"1\" dc:date=\"1931\"/>"), metadata.xmp)
        assertContentEquals(profile, metadata.icc)
        assertContentEquals(bytes(1, 1, 44, 1, 44), metadata.density)
    }

    @Test
    fun `it is put behind the header, and the rest stays byte for byte`() {
        val metadata = read(jpeg(fine, exifSegment(6), xmpSegment(packet), *iccSegments(profile, 65000)))
        val upright = segment(0xe1, latin("Exif\u0000\u0000") + exif(orientation = 1, next = 0))
        val expected =
            jpeg(
                fine,
                upright,
                xmpSegment(Metadata.uprightXmp(packet)),
                *iccSegments(profile, 65000),
                table,
            )
        assertContentEquals(expected, write(encoded, metadata))
    }

    @Test
    fun `nothing to carry changes nothing`() {
        assertContentEquals(encoded, write(encoded, Metadata()))
    }

    @Test
    fun `the encoder's profile and packet describe its pixels and stay`() {
        val own = jpeg(jfif, xmpSegment(latin("<own/>")), *iccSegments(profile.reversedArray(), 400), table)
        val metadata = read(jpeg(xmpSegment(packet), *iccSegments(profile, 400)))
        assertContentEquals(own, write(own, metadata))
    }

    @Test
    fun `the encoder's EXIF is replaced`() {
        val own = jpeg(jfif, exifSegment(1), table)
        val metadata = read(jpeg(exifSegment(3, ByteOrder.BIG_ENDIAN)))
        val upright = exif(orientation = 1, order = ByteOrder.BIG_ENDIAN, next = 0)
        val expected = jpeg(jfif, segment(0xe1, latin("Exif\u0000\u0000") + upright), table)
        assertContentEquals(expected, write(own, metadata))
        assertContentEquals(own, write(own, Metadata()))
    }

    @Test
    fun `a large profile is cut into segments and put together again`() {
        val large = ByteArray(150_000) { (it * 7).toByte() }.also { latin("RGB ").copyInto(it, 16) }
        val written = write(encoded, Metadata(icc = large))
        assertContentEquals(large, read(written).icc)
    }

    @Test
    fun `profiles that are incomplete or not for RGB are left out`() {
        assertNull(read(jpeg(*iccSegments(profile, 100).drop(1).toTypedArray())).icc)
        val gray = profile.copyOf().also { latin("GRAY").copyInto(it, 16) }
        assertNull(read(jpeg(*iccSegments(gray, 400))).icc)
    }

    @Test
    fun `a packet that promises a gain map is left out`() {
        assertNull(read(jpeg(xmpSegment(latin("<x hdrgm:Version=\"1.0\"/>")))).xmp)
    }

    @Test
    fun `a prefix written twice, fill bytes and a second EXIF segment are understood`() {
        val twice = segment(0xe1, latin("Exif\u0000\u0000Exif\u0000\u0000") + exif(orientation = 8))
        assertEquals(8, read(jpeg(bytes(0xff, 0xff) + twice, exifSegment(3))).orientation)
    }

    @Test
    fun `broken files have as much as can be read`() {
        val whole = jpeg(fine, exifSegment(6), table)
        for (size in whole.indices) {
            val orientation = read(whole.copyOf(size)).orientation
            assertEquals(
                if (size >=
                    2 + fine.size + exifSegment(6).size
                ) {
                    6
                } else {
                    1
                },
                orientation,
                "$size bytes",
            )
        }
        assertEquals(1, read(latin("GIF89a")).orientation)
        assertFailsWith<IOException> { write(latin("GIF89a"), Metadata()) }
    }

    private fun read(file: ByteArray) = Metadata.read(ByteArrayInputStream(file))

    private fun write(
        encoded: ByteArray,
        metadata: Metadata,
    ): ByteArray =
        ByteArrayOutputStream()
            .also { JpegMetadata.write(ByteArrayInputStream(encoded), metadata, it) }
            .toByteArray()

    private fun jpeg(vararg segments: ByteArray): ByteArray =
        segments.fold(bytes(0xff, 0xd8)) { file, segment -> file + segment } + scan

    private fun exifSegment(
        orientation: Int,
        order: ByteOrder = ByteOrder.LITTLE_ENDIAN,
    ) = segment(0xe1, latin("Exif\u0000\u0000") + exif(orientation, order))

    private fun xmpSegment(packet: ByteArray) =
        segment(0xe1, latin("http://ns.adobe.com/xap/1.0/\u0000") + packet)

    private fun iccSegments(
        profile: ByteArray,
        maxChunk: Int,
    ): Array<ByteArray> {
        val chunks = profile.toList().chunked(maxChunk)
        return chunks
            .mapIndexed { index, chunk ->
                segment(
                    0xe2,
                    latin("ICC_PROFILE\u0000") + bytes(index + 1, chunks.size) + chunk.toByteArray(),
                )
            }.toTypedArray()
    }

    private fun segment(
        marker: Int,
        content: ByteArray,
    ): ByteArray {
        val size = content.size + 2
        return bytes(0xff, marker, size shr 8, size and 0xff) + content
    }
}

internal fun latin(text: String) = text.toByteArray(Charsets.ISO_8859_1)

internal fun bytes(vararg values: Int) = ByteArray(values.size) { values[it].toByte() }
