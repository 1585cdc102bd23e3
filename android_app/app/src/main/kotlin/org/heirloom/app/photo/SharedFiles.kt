package org.heirloom.app.photo

import android.content.ContentProvider
import android.content.ContentValues
import android.content.Context
import android.database.Cursor
import android.database.MatrixCursor
import android.net.Uri
import android.os.ParcelFileDescriptor
import android.provider.OpenableColumns
import java.io.File
import java.io.FileNotFoundException

/**
 * Provides single files of the app's `shared` cache folder to other apps: the camera writes its picture, a
 * receiver reads the restored photo. It is not exported; the permission comes with the intent.
 */
class SharedFiles : ContentProvider() {
    override fun onCreate() = true

    override fun getType(uri: Uri): String =
        when (uri.lastPathSegment?.substringAfterLast('.')) {
            "png" -> "image/png"
            else -> "image/jpeg"
        }

    override fun openFile(
        uri: Uri,
        mode: String,
    ): ParcelFileDescriptor = ParcelFileDescriptor.open(fileOf(uri), ParcelFileDescriptor.parseMode(mode))

    override fun query(
        uri: Uri,
        projection: Array<out String>?,
        selection: String?,
        selectionArgs: Array<out String>?,
        sortOrder: String?,
    ): Cursor {
        val file = fileOf(uri)
        val known =
            mapOf<String, Any>(
                OpenableColumns.DISPLAY_NAME to file.name,
                OpenableColumns.SIZE to file.length(),
            )
        val columns = (projection ?: known.keys.toTypedArray()).filter { it in known }
        return MatrixCursor(columns.toTypedArray(), 1).apply { addRow(columns.map { known[it] }) }
    }

    override fun insert(
        uri: Uri,
        values: ContentValues?,
    ): Uri? = null

    override fun delete(
        uri: Uri,
        selection: String?,
        selectionArgs: Array<out String>?,
    ) = 0

    override fun update(
        uri: Uri,
        values: ContentValues?,
        selection: String?,
        selectionArgs: Array<out String>?,
    ) = 0

    /** The file of an address, which must be a plain name: a path could lead out of the folder. */
    private fun fileOf(uri: Uri): File {
        val name = uri.pathSegments.singleOrNull()
        val folder = context?.let { folder(it) }
        if (name == null || folder == null || name == ".." || '/' in name) {
            throw FileNotFoundException(uri.toString())
        }
        return File(folder, name)
    }

    companion object {
        /** The folder of files that may be shared. */
        fun folder(context: Context): File = File(context.cacheDir, "shared").apply { mkdirs() }

        /** The address of [file], in that folder, for other apps. */
        fun uriOf(
            context: Context,
            file: File,
        ): Uri =
            Uri
                .Builder()
                .scheme("content")
                .authority("${context.packageName}.files")
                .appendPath(file.name)
                .build()
    }
}
