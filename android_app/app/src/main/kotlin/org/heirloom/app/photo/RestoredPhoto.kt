package org.heirloom.app.photo

import android.graphics.Bitmap
import org.heirloom.app.Cancel
import org.heirloom.app.photo.metadata.JpegMetadata
import org.heirloom.app.photo.metadata.PngMetadata
import java.io.File
import java.io.IOException

/** A restored photo's file in the app's cache, as it is shared and saved. */
class RestoredPhoto private constructor(
    val file: File,
    val mime: String,
    width: Int,
    height: Int,
) {
    /** The file's parts. */
    val regions = RegionFile(file, Upright(1, width, height))

    companion object {
        private const val QUALITY = 95

        /** Maximum characters of a name: file systems take 255 bytes, and a character may be three. */
        private const val MAX_NAME = 60

        /**
         * Encodes [pixels] with the metadata of [source] into [folder]. A JPEG of quality 95, or a PNG
         * where that would lose something of the source. Throws IOException, and CancellationException by
         * [cancel].
         */
        fun encode(
            pixels: Bitmap,
            source: Photo,
            folder: File,
            cancel: Cancel,
        ): RestoredPhoto {
            val lossless = source.isLossless(pixels)
            val bare = File(folder, "encoded")
            val format = if (lossless) Bitmap.CompressFormat.PNG else Bitmap.CompressFormat.JPEG
            try {
                bare.outputStream().buffered().use { out ->
                    val isWhole = pixels.compress(format, QUALITY, cancel.writing(out))
                    cancel.check()
                    if (!isWhole) throw IOException("not encoded")
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
                val mime = if (lossless) "image/png" else "image/jpeg"
                return RestoredPhoto(file, mime, source.width, source.height)
            } finally {
                bare.delete()
            }
        }
    }
}
