package org.heirloom.app.photo.metadata

import java.io.InputStream
import java.io.OutputStream

/**
 * The metadata of a photo's file that are carried into the restored photo's file.
 *
 * A part is null where the source has none (or a broken one).
 */
class Metadata(
    val exif: ExifBlock? = null,
    /** An XMP packet with orientation 1. */
    val xmp: ByteArray? = null,
    /** An RGB colour profile. */
    val icc: ByteArray? = null,
    /** The resolution as the format stores it: a JFIF header's five bytes, or a PNG's pHYs chunk. */
    val density: ByteArray? = null,
) {
    /** The stored photo's orientation, 1 to 8 as in EXIF; 1 is upright. */
    val orientation: Int get() = exif?.orientation ?: 1

    companion object {
        /** Reads the metadata of a JPEG or PNG, and a WebP's EXIF; any other format's counts as empty. */
        fun read(source: InputStream): Metadata {
            val stream = source.buffered()
            stream.mark(2)
            val first = stream.read()
            val second = stream.read()
            stream.reset()
            return when {
                first == 0xff && second == 0xd8 -> JpegMetadata.read(stream)
                first == 0x89 && second == 'P'.code -> PngMetadata.read(stream)
                first == 'R'.code && second == 'I'.code -> WebpMetadata.read(stream)
                else -> Metadata()
            }
        }

        private val XMP_ORIENTATION = Regex("""(tiff:Orientation(?:="|>))[0-9]""")

        /** The packet with its orientation set to 1; a digit replaces a digit, so nothing moves. */
        fun uprightXmp(packet: ByteArray): ByteArray {
            val text = String(packet, Charsets.ISO_8859_1)
            return XMP_ORIENTATION.replace(text, "$11").toByteArray(Charsets.ISO_8859_1)
        }

        /**
         * Whether a packet may go into another file: one that announces a gain map would promise a second
         * picture that the restored file does not hold.
         */
        fun mayBeCarried(packet: ByteArray): Boolean = "hdrgm:" !in String(packet, Charsets.ISO_8859_1)
    }
}

/** The next [count] bytes, or null if the stream ends before. */
internal fun InputStream.take(count: Int): ByteArray? {
    val bytes = ByteArray(count)
    var at = 0
    while (at < count) {
        val got = read(bytes, at, count - at)
        if (got < 0) return null
        at += got
    }
    return bytes
}

/** Writes [value] as [size] bytes, the most significant first. */
internal fun OutputStream.putNumber(
    value: Int,
    size: Int,
) {
    for (shift in 8 * (size - 1) downTo 0 step 8) write(value ushr shift and 0xff)
}

internal fun ByteArray.startsWith(prefix: ByteArray): Boolean =
    size >= prefix.size && prefix.indices.all { this[it] == prefix[it] }
