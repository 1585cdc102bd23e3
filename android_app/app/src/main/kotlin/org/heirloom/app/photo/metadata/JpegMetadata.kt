package org.heirloom.app.photo.metadata

import java.io.ByteArrayOutputStream
import java.io.IOException
import java.io.InputStream
import java.io.OutputStream

/** Reads the metadata of a JPEG and writes it into another JPEG. */
object JpegMetadata {
    private const val APP0 = 0xe0
    private const val APP1 = 0xe1
    private const val APP2 = 0xe2
    private const val SCAN = 0xda
    private const val MAX_SEGMENT = 65533
    private val JFIF = "JFIF\u0000".toByteArray(Charsets.ISO_8859_1)
    private val EXIF = "Exif\u0000\u0000".toByteArray(Charsets.ISO_8859_1)
    private val XMP = "http://ns.adobe.com/xap/1.0/\u0000".toByteArray(Charsets.ISO_8859_1)
    private val ICC = "ICC_PROFILE\u0000".toByteArray(Charsets.ISO_8859_1)

    /** A marker segment: its marker's second byte, and what follows its length. */
    private class Segment(
        val marker: Int,
        val content: ByteArray,
    ) {
        val isJfif get() = marker == APP0 && content.startsWith(JFIF) && content.size >= 14
        val isExif get() = marker == APP1 && content.startsWith(EXIF)
        val isXmp get() = marker == APP1 && content.startsWith(XMP)
        val isIcc get() = marker == APP2 && content.startsWith(ICC) && content.size > ICC.size + 2

        fun after(prefix: ByteArray): ByteArray = content.copyOfRange(prefix.size, content.size)
    }

    /** The metadata of the JPEG in [source]; reads no further than the first scan. */
    fun read(source: InputStream): Metadata {
        val segments = ArrayList<Segment>()
        if (startOfImage(source)) {
            while (true) segments += segment(source) ?: break
        }
        val xmp = segments.firstOrNull { it.isXmp }?.after(XMP)
        return Metadata(
            exif = segments.firstOrNull { it.isExif }?.let { exifOf(it) },
            xmp = xmp?.takeIf(Metadata::mayBeCarried)?.let(Metadata::uprightXmp),
            icc = profile(segments.filter { it.isIcc })?.takeIf(::isRgb),
            density = segments.firstOrNull { it.isJfif }?.content?.copyOfRange(7, 12),
        )
    }

    /**
     * Copies the JPEG in [encoded] to [target] and puts [metadata] in.
     *
     * The source's EXIF replaces what the encoder wrote. A colour profile or XMP packet that the encoder
     * wrote stays, because it describes the pixels that the encoder was given; the source's goes in where
     * there is none. Raises IOException if [encoded] is not a JPEG.
     */
    fun write(
        encoded: InputStream,
        metadata: Metadata,
        target: OutputStream,
    ) {
        if (!startOfImage(encoded)) throw IOException("not a JPEG")
        val segments = ArrayList<Segment>()
        while (true) segments += segment(encoded) ?: break
        val jfif = segments.firstOrNull { it.isJfif }
        val rest = segments.filter { it !== jfif && !(it.isExif && metadata.exif != null) }

        target.putNumber(0xffd8, 2)
        jfif?.let { put(target, Segment(APP0, withDensity(it.content, metadata.density))) }
        metadata.exif?.let { put(target, Segment(APP1, EXIF + it.upright)) }
        metadata.xmp
            ?.takeIf { segments.none { segment -> segment.isXmp } }
            ?.let { put(target, Segment(APP1, XMP + it)) }
        metadata.icc
            ?.takeIf { segments.none { segment -> segment.isIcc } }
            ?.let { profile -> profileSegments(profile).forEach { put(target, it) } }
        rest.forEach { put(target, it) }
        target.putNumber(0xff00 or SCAN, 2)
        encoded.copyTo(target)
    }

    private fun startOfImage(source: InputStream) = source.read() == 0xff && source.read() == 0xd8

    /** The next segment, or null once the marker of the first scan has been read, or the file is over. */
    private fun segment(source: InputStream): Segment? {
        if (source.read() != 0xff) return null
        var marker = source.read()
        while (marker == 0xff) marker = source.read()
        if (marker == SCAN || marker < 0) return null
        val size = source.take(2)?.let { (it[0].toInt() and 0xff shl 8) or (it[1].toInt() and 0xff) }
        if (size == null || size < 2) return null
        return source.take(size - 2)?.let { Segment(marker, it) }
    }

    private fun put(
        target: OutputStream,
        segment: Segment,
    ) {
        // Too long for a segment: it came from one, so only the prefix exceeds it; it is left out.
        if (segment.content.size > MAX_SEGMENT) return
        target.putNumber(0xff00 or segment.marker, 2)
        target.putNumber(segment.content.size + 2, 2)
        target.write(segment.content)
    }

    /** Some cameras write the prefix twice. */
    private fun exifOf(segment: Segment): ExifBlock? {
        var block = segment.after(EXIF)
        if (block.startsWith(EXIF)) block = block.copyOfRange(EXIF.size, block.size)
        return ExifBlock.of(block)
    }

    private fun withDensity(
        jfif: ByteArray,
        density: ByteArray?,
    ): ByteArray = jfif.copyOf().also { density?.copyInto(it, 7) }

    /** The profile in [segments], each with its number and their count; null if one is missing. */
    private fun profile(segments: List<Segment>): ByteArray? {
        val ordered = segments.sortedBy { it.content[ICC.size].toInt() and 0xff }
        val count = ordered.firstOrNull()?.let { it.content[ICC.size + 1].toInt() and 0xff }
        val numbers = ordered.map { it.content[ICC.size].toInt() and 0xff }
        if (count == null || numbers != (1..count).toList()) return null
        val joined = ByteArrayOutputStream()
        ordered.forEach { joined.write(it.content, ICC.size + 2, it.content.size - ICC.size - 2) }
        return joined.toByteArray()
    }

    private fun profileSegments(profile: ByteArray): List<Segment> {
        val room = MAX_SEGMENT - ICC.size - 2
        val count = (profile.size + room - 1) / room
        if (count > 255) return emptyList()
        return (0 until count).map { index ->
            val numbers = byteArrayOf((index + 1).toByte(), count.toByte())
            val end = minOf((index + 1) * room, profile.size)
            Segment(APP2, ICC + numbers + profile.copyOfRange(index * room, end))
        }
    }

    /** An encoder is given RGB, so a profile for gray or CMYK would describe other pixels. */
    private fun isRgb(profile: ByteArray): Boolean =
        profile.size >= 20 && String(profile, 16, 4, Charsets.ISO_8859_1) == "RGB "
}
