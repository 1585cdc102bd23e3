package org.heirloom.app.photo

import android.content.ContentResolver
import android.graphics.Bitmap
import android.graphics.BitmapFactory
import android.net.Uri
import android.provider.OpenableColumns
import org.heirloom.app.Cancel
import org.heirloom.app.R
import org.heirloom.app.Refused
import org.heirloom.app.photo.metadata.Metadata
import org.heirloom.app.text
import java.io.File
import java.io.IOException

/**
 * An open photo. The app keeps a copy of its file, to decode it whenever it is restored, and for its
 * metadata.
 */
class Photo private constructor(
    /** The copy, until another photo is opened. */
    val file: File,
    /** The file's name without its suffix. */
    val name: String,
    private val mime: String,
    private val upright: Upright,
    /** The metadata for the restored photo's file. */
    val metadata: Metadata,
) {
    /** Pixels in a row of the upright photo. */
    val width get() = upright.width

    /** Rows of the upright photo. */
    val height get() = upright.height

    /** Whether the restored photo is saved as PNG: a JPEG would degrade a PNG or lose alpha. */
    fun isLossless(pixels: Bitmap): Boolean = mime == "image/png" || pixels.hasAlpha()

    /** A mutable, upright bitmap of all pixels. Throws [Refused], and CancellationException by [cancel]. */
    fun decode(cancel: Cancel): Bitmap = decodePhoto(file, upright, cancel)

    /** An upright copy of the screen's size. Throws [Refused]. */
    fun decodePreview() = Preview.ofWhole(decodeSmall(file, upright, Preview.MAX_SIDE), width, height)

    /** The file's parts. */
    val regions get() = RegionFile(file, upright)

    companion object {
        /** 48 megapixels as cameras count them, whose sensors have up to 50.2 million. */
        private const val MAX_PIXELS = 48L shl 20
        private const val MAX_BYTES = 512L shl 20

        /** Copies the photo at [uri] into [folder] and reads its header. Throws [Refused]. */
        fun open(
            resolver: ContentResolver,
            uri: Uri,
            folder: File,
        ): Photo =
            try {
                val file = File.createTempFile("photo", null, folder)
                copy(resolver, uri, file)
                photoIn(file, nameOf(resolver, uri))
            } catch (error: IOException) {
                throw Refused(text(R.string.not_readable), error)
            } catch (error: SecurityException) {
                throw Refused(text(R.string.not_readable), error)
            }

        private fun photoIn(
            file: File,
            name: String,
        ): Photo {
            val bounds = BitmapFactory.Options().apply { inJustDecodeBounds = true }
            BitmapFactory.decodeFile(file.path, bounds)
            val mime: String? = bounds.outMimeType
            if (mime == null || bounds.outWidth <= 0 || bounds.outHeight <= 0) {
                throw Refused(text(R.string.not_a_photo))
            }
            val pixels = bounds.outWidth.toLong() * bounds.outHeight
            if (pixels > MAX_PIXELS) throw Refused(text(R.string.too_large, pixels / 1_000_000))
            val metadata = file.inputStream().use(Metadata::read)
            val upright = Upright(metadata.orientation, bounds.outWidth, bounds.outHeight)
            return Photo(file, name, mime, upright, metadata)
        }

        private fun copy(
            resolver: ContentResolver,
            uri: Uri,
            file: File,
        ) {
            val source = resolver.openInputStream(uri) ?: throw Refused(text(R.string.not_readable))
            source.use { from ->
                file.outputStream().use { to ->
                    val buffer = ByteArray(1 shl 16)
                    var left = MAX_BYTES
                    while (true) {
                        val count = from.read(buffer)
                        if (count < 0) break
                        left -= count
                        if (left < 0) throw Refused(text(R.string.not_a_photo))
                        to.write(buffer, 0, count)
                    }
                }
            }
        }

        private fun nameOf(
            resolver: ContentResolver,
            uri: Uri,
        ): String {
            val columns = arrayOf(OpenableColumns.DISPLAY_NAME)
            val name =
                resolver.query(uri, columns, null, null, null)?.use { cursor ->
                    if (cursor.moveToFirst()) cursor.getString(0) else null
                }
            return name?.substringBeforeLast('.')?.ifEmpty { null } ?: "photo"
        }
    }
}
