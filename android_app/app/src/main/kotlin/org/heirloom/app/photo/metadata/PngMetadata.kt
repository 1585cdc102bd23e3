package org.heirloom.app.photo.metadata

import java.io.IOException
import java.io.InputStream
import java.io.OutputStream
import java.util.zip.CRC32

/** Reads the metadata of a PNG and writes it into another PNG. */
object PngMetadata {
    private val SIGNATURE = byteArrayOf(-0x77, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)
    private val XMP = "XML:com.adobe.xmp\u0000".toByteArray(Charsets.ISO_8859_1)

    /** Maximum bytes of a metadata chunk: a broken length must not exhaust the memory. */
    private const val MAX_CHUNK = 16 shl 20

    /** Offset of the bit depth, after the signature and the first chunk's length, name, width, height. */
    private const val DEPTH_AT = 24
    private const val DEEP = 16

    private class Chunk(
        val name: String,
        val content: ByteArray,
    ) {
        val isXmp get() = name == "iTXt" && content.startsWith(XMP)
    }

    /** Whether [source] is a PNG with 16 bits a sample. */
    fun isDeep(source: InputStream): Boolean {
        val head = source.take(DEPTH_AT + 1)
        return head != null && head.startsWith(SIGNATURE) && head[DEPTH_AT].toInt() == DEEP
    }

    /** The metadata of the PNG in [source]; reads no further than its first pixels. */
    fun read(source: InputStream): Metadata {
        val chunks = ArrayList<Chunk>()
        if (source.take(SIGNATURE.size).contentEquals(SIGNATURE)) {
            while (true) chunks += chunk(source)?.takeIf { it.name != "IDAT" } ?: break
        }
        val xmp = chunks.firstOrNull { it.isXmp && Metadata.mayBeCarried(it.content) }?.content
        return Metadata(
            exif = chunks.firstOrNull { it.name == "eXIf" }?.let { ExifBlock.of(it.content) },
            xmp = xmp?.copyOfRange(XMP.size, xmp.size)?.let(Metadata::uprightXmp),
            density = chunks.firstOrNull { it.name == "pHYs" }?.content,
        )
    }

    /**
     * Copies the PNG in [encoded] to [target] and puts [metadata] behind its header.
     *
     * The colour profile is the encoder's: it describes the pixels that the encoder was given. Raises
     * IOException if [encoded] is not a PNG.
     */
    fun write(
        encoded: InputStream,
        metadata: Metadata,
        target: OutputStream,
    ) {
        if (!encoded.take(SIGNATURE.size).contentEquals(SIGNATURE)) throw IOException("not a PNG")
        val header = chunk(encoded) ?: throw IOException("not a PNG")
        target.write(SIGNATURE)
        put(target, header)
        metadata.density?.takeIf { it.size == 9 }?.let { put(target, Chunk("pHYs", it)) }
        metadata.exif?.let { put(target, Chunk("eXIf", it.upright)) }
        metadata.xmp?.let { put(target, Chunk("iTXt", XMP + it)) }
        encoded.copyTo(target)
    }

    private fun chunk(source: InputStream): Chunk? {
        val head = source.take(8) ?: return null
        val size = (0 until 4).fold(0) { size, i -> (size shl 8) or (head[i].toInt() and 0xff) }
        if (size !in 0..MAX_CHUNK) return null
        val content = source.take(size)
        val checksum = source.take(4)
        if (content == null || checksum == null) return null
        return Chunk(String(head, 4, 4, Charsets.ISO_8859_1), content)
    }

    private fun put(
        target: OutputStream,
        chunk: Chunk,
    ) {
        val name = chunk.name.toByteArray(Charsets.ISO_8859_1)
        val checksum =
            CRC32().apply {
                update(name)
                update(chunk.content)
            }
        target.putNumber(chunk.content.size, 4)
        target.write(name)
        target.write(chunk.content)
        target.putNumber(checksum.value.toInt(), 4)
    }
}
