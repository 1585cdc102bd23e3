package org.heirloom.app.photo

import android.graphics.Bitmap
import java.io.File
import java.io.IOException

/** A restored photo's file in the app's cache, as it is shared and saved. */
class RestoredPhoto private constructor(
    val file: File,
    val mime: String,
) {
    companion object {
        private const val QUALITY = 95

        /** Maximum characters of a name: file systems take 255 bytes, and a character may be three. */
        private const val MAX_NAME = 60

        /**
         * Encodes [pixels] with the metadata of [source] into [folder]. A JPEG of quality 95, or a PNG
         * where that would lose something of the source. Throws IOException.
         */
        fun encode(
            pixels: Bitmap,
            source: Photo,
            folder: File,
        ): RestoredPhoto {
            val lossless = source.isLossless(pixels)
            val bare = File(folder, "encoded")
            val format = if (lossless) Bitmap.CompressFormat.PNG else Bitmap.CompressFormat.JPEG
            try {
                bare.outputStream().buffered().use { out ->
                    if (!pixels.compress(format, QUALITY, out)) throw IOException("not encoded")
                }
                val name = source.name.replace('/', '_').take(MAX_NAME)
                val file = File(folder, "$name-restored.${if (lossless) "png" else "jpg"}")
                bare.inputStream().buffered().use { encoded ->
                    file.outputStream().buffered().use { out ->
                        if (lossless) {
                            PngMetadata.write(encoded, source.metadata, out)
                        } else {
                            JpegMetadata.write(encoded, source.metadata, out)
                        }
                    }
                }
                return RestoredPhoto(file, if (lossless) "image/png" else "image/jpeg")
            } finally {
                bare.delete()
            }
        }
    }
}
