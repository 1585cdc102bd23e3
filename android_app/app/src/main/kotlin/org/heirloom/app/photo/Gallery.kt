package org.heirloom.app.photo

import android.content.ContentResolver
import android.content.ContentValues
import android.content.Context
import android.media.MediaScannerConnection
import android.net.Uri
import android.os.Build
import android.os.Environment
import android.provider.MediaStore
import org.heirloom.app.R
import org.heirloom.app.Refused
import org.heirloom.app.text
import java.io.File
import java.io.IOException
import java.text.SimpleDateFormat
import java.util.Date
import java.util.Locale

/** Saves restored photos where the phone's gallery shows them: Pictures/Heirloom. */
object Gallery {
    /** Whether saving needs the permission to write to the storage; newer systems let an app add photos. */
    val needsPermission: Boolean get() = Build.VERSION.SDK_INT < ANDROID_10

    private const val ANDROID_10 = 29
    private const val ALBUM = "Heirloom"

    // MediaStore.MediaColumns has these from API 29 on.
    private const val RELATIVE_PATH = "relative_path"
    private const val IS_PENDING = "is_pending"

    /** Saves [photo]; it appears whole or not at all. Throws [Refused]. */
    fun save(
        context: Context,
        photo: RestoredPhoto,
    ) {
        try {
            if (needsPermission) saveAsFile(context, photo) else saveAsEntry(context.contentResolver, photo)
        } catch (error: IOException) {
            throw Refused(text(R.string.not_saved), error)
        } catch (error: SecurityException) {
            throw Refused(text(R.string.not_saved), error)
        }
    }

    private fun saveAsEntry(
        resolver: ContentResolver,
        photo: RestoredPhoto,
    ) {
        val values = ContentValues()
        values.put(MediaStore.MediaColumns.DISPLAY_NAME, nameFor(photo))
        values.put(MediaStore.MediaColumns.MIME_TYPE, photo.mime)
        values.put(RELATIVE_PATH, "${Environment.DIRECTORY_PICTURES}/$ALBUM")
        values.put(IS_PENDING, 1)
        val entry: Uri? = resolver.insert(MediaStore.Images.Media.EXTERNAL_CONTENT_URI, values)
        if (entry == null) throw IOException("no entry")
        var whole = false
        try {
            val target = resolver.openOutputStream(entry) ?: throw IOException("no file")
            target.use { out -> photo.file.inputStream().use { it.copyTo(out) } }
            resolver.update(entry, ContentValues().apply { put(IS_PENDING, 0) }, null, null)
            whole = true
        } finally {
            if (!whole) resolver.delete(entry, null, null)
        }
    }

    @Suppress("DEPRECATION") // what replaces the public folder came with Android 10
    private fun saveAsFile(context: Context, photo: RestoredPhoto) {
        val pictures = Environment.getExternalStoragePublicDirectory(Environment.DIRECTORY_PICTURES)
        val folder = File(pictures, ALBUM).apply { mkdirs() }
        val target = File(folder, nameFor(photo))
        val partial = File(folder, ".${target.name}.partial")
        try {
            photo.file.copyTo(partial, overwrite = true)
            if (!partial.renameTo(target)) throw IOException("not renamed")
        } finally {
            partial.delete()
        }
        MediaScannerConnection.scanFile(context, arrayOf(target.path), arrayOf(photo.mime), null)
    }

    /** With the time: what the camera took always has the same name, and MediaStore takes that 32 times. */
    private fun nameFor(photo: RestoredPhoto): String {
        val time = SimpleDateFormat("yyyyMMdd-HHmmss", Locale.ROOT).format(Date())
        return "${photo.file.nameWithoutExtension}-$time.${photo.file.extension}"
    }
}
