package org.heirloom.core

import java.io.File
import java.io.IOException
import java.io.RandomAccessFile

/** A block of bytes that is written and read in pieces, and dropped when closed. */
interface Bytes : AutoCloseable {
    /** Copies [count] bytes from position [at] on to [into], from index [start] on. */
    fun read(
        at: Long,
        into: ByteArray,
        start: Int,
        count: Int,
    )

    /** The reverse of [read]. */
    fun write(
        at: Long,
        from: ByteArray,
        start: Int,
        count: Int,
    )
}

/**
 * Storage for the data that grows with a photo while it is restored: its latent, 4 bytes a pixel in INT8,
 * and before that the levels of the fill, 4/3 of a byte a pixel.
 *
 * Up to [heapLimit] bytes lie on the heap. More than a phone's heap holds lie in a temporary file in
 * [folder], which the system keeps in memory as long as there is some. It is read and written, not mapped:
 * a full disk is then an error and not the end of the process, and the space is free again once the photo
 * is restored and not when memory happens to be collected.
 */
class LatentStore(
    private val folder: File = File(System.getProperty("java.io.tmpdir")!!),
    private val heapLimit: Long = 32L shl 20,
) {
    /** Whether a block of so many [bytes] lies on the heap. */
    fun onHeap(bytes: Long) = bytes <= heapLimit

    /** Allocates [size] bytes. Throws [MemoryBudgetExceeded] if the folder has no room for a file. */
    fun allocate(size: Long): Bytes =
        if (onHeap(size)) HeapBytes(ByteArray(size.toInt())) else fileBytes(size)

    private fun fileBytes(size: Long): Bytes {
        var file: File? = null
        return try {
            file = File.createTempFile("latent", null, folder)
            FileBytes(RandomAccessFile(file, "rw"))
        } catch (error: IOException) {
            throw full(error, size)
        } finally {
            // Without a name from the start, it leaves nothing behind if the process ends.
            file?.delete()
        }
    }
}

private class HeapBytes(
    private val values: ByteArray,
) : Bytes {
    override fun read(
        at: Long,
        into: ByteArray,
        start: Int,
        count: Int,
    ) = System.arraycopy(values, at.toInt(), into, start, count)

    override fun write(
        at: Long,
        from: ByteArray,
        start: Int,
        count: Int,
    ) = System.arraycopy(from, start, values, at.toInt(), count)

    override fun close() = Unit
}

private class FileBytes(
    private val file: RandomAccessFile,
) : Bytes {
    override fun read(
        at: Long,
        into: ByteArray,
        start: Int,
        count: Int,
    ) {
        file.seek(at)
        file.readFully(into, start, count)
    }

    override fun write(
        at: Long,
        from: ByteArray,
        start: Int,
        count: Int,
    ) {
        try {
            file.seek(at)
            file.write(from, start, count)
        } catch (error: IOException) {
            throw full(error, at + count)
        }
    }

    override fun close() = file.close()
}

private fun full(
    error: IOException,
    bytes: Long,
) = MemoryBudgetExceeded(
    "There is no room for a temporary file of ${bytes shr 20} MB: free some storage, or shrink the photo.",
    error,
)
