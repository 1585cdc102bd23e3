package org.heirloom.app.photo.metadata

import java.io.InputStream

/** Reads the EXIF of a WebP, which has its orientation too. */
object WebpMetadata {
    private const val HEADER = 12
    private val EXIF = "Exif\u0000\u0000".toByteArray(Charsets.ISO_8859_1)

    /** Maximum bytes of EXIF: a broken length must not exhaust the memory. */
    private const val MAX_EXIF = 16 shl 20

    /** The metadata of the WebP in [source]; empty if it is none, or has none. */
    fun read(source: InputStream): Metadata {
        val header = source.take(HEADER)?.let { String(it, Charsets.ISO_8859_1) }
        if (header == null || !header.startsWith("RIFF") || !header.endsWith("WEBP")) return Metadata()
        while (true) {
            val head = source.take(8) ?: return Metadata()
            val size = (7 downTo 4).fold(0L) { size, i -> (size shl 8) or (head[i].toLong() and 0xff) }
            if (String(head, 0, 4, Charsets.ISO_8859_1) == "EXIF") {
                val block = if (size <= MAX_EXIF) source.take(size.toInt()) else null
                return Metadata(exif = block?.let(::exifOf))
            }
            // A chunk of an odd size has a byte more.
            if (!skip(source, size + size % 2)) return Metadata()
        }
    }

    /** Some writers put JPEG's prefix before it. */
    private fun exifOf(block: ByteArray): ExifBlock? =
        ExifBlock.of(if (block.startsWith(EXIF)) block.copyOfRange(EXIF.size, block.size) else block)

    private fun skip(
        source: InputStream,
        count: Long,
    ): Boolean {
        var left = count
        while (left > 0) {
            val skipped = source.skip(left)
            if (skipped <= 0 && source.read() < 0) return false
            left -= maxOf(skipped, 1)
        }
        return true
    }
}
