package org.heirloom.app.photo.metadata

import java.nio.ByteBuffer
import java.nio.ByteOrder

/** A photo's EXIF block made upright, and the orientation (1 to 8) that it stated. */
class ExifBlock private constructor(
    /** A TIFF structure without prefix, with Orientation=1 and without the thumbnail. */
    val upright: ByteArray,
    val orientation: Int,
) {
    companion object {
        private const val ORIENTATION = 0x0112
        private const val SHORT = 3
        private const val HEADER = 8
        private const val ENTRY = 12

        /**
         * Reads [block], a TIFF structure, and edits a copy in place: a maker note holds offsets that only
         * its maker understands, and they survive only if nothing moves.
         *
         * The thumbnail would show the photo as it was before, so the link to its directory is cut. An
         * orientation that is out of range or of the wrong type counts as 1. Null if the block is broken:
         * its first directory does not lie within it.
         */
        fun of(block: ByteArray): ExifBlock? {
            val edited = block.copyOf()
            val bytes = ByteBuffer.wrap(edited).order(byteOrder(edited) ?: return null)
            val directory = bytes.getInt(4)
            if (directory < HEADER || directory > edited.size - 2) return null
            val count = bytes.getShort(directory).toInt() and 0xffff
            val end = directory + 2 + ENTRY * count
            if (count == 0 || end > edited.size) return null
            var orientation = 1
            for (entry in directory + 2 until end step ENTRY) {
                if ((bytes.getShort(entry).toInt() and 0xffff) == ORIENTATION) {
                    orientation = orientationAt(bytes, entry)
                    bytes.putShort(entry + 2, SHORT.toShort()).putInt(entry + 4, 1)
                    bytes.putShort(entry + 8, 1).putShort(entry + 10, 0)
                }
            }
            if (end + 4 <= edited.size) bytes.putInt(end, 0)
            return ExifBlock(edited, orientation)
        }

        private fun byteOrder(block: ByteArray): ByteOrder? {
            if (block.size < HEADER) return null
            return when (String(block, 0, 4, Charsets.ISO_8859_1)) {
                "II*\u0000" -> ByteOrder.LITTLE_ENDIAN
                "MM\u0000*" -> ByteOrder.BIG_ENDIAN
                else -> null
            }
        }

        private fun orientationAt(
            bytes: ByteBuffer,
            entry: Int,
        ): Int {
            val isOneShort = bytes.getShort(entry + 2).toInt() == SHORT && bytes.getInt(entry + 4) == 1
            val value = bytes.getShort(entry + 8).toInt()
            return if (isOneShort && value in 1..8) value else 1
        }
    }
}
