package org.heirloom.core

import java.io.File
import java.io.FileInputStream
import java.io.FileNotFoundException
import java.io.InputStream

/** Access to a bundle's files, in a folder or an app's assets. */
interface BundleSource {
    /** Opens the file at [path], whose parts are separated by `/`. Throws FileNotFoundException. */
    fun open(path: String): InputStream
}

/** A bundle in a folder. */
class FolderSource(
    val folder: File,
) : BundleSource {
    /** Throws [InvalidManifest] where a link leads out of the folder. */
    override fun open(path: String): InputStream {
        val file = File(folder, path)
        if (!file.isFile) throw FileNotFoundException("$file is missing.")
        // The manifest's paths have no "..", but a symbolic link could still lead elsewhere.
        if (!file.canonicalFile.startsWith(folder.canonicalFile)) {
            throw InvalidManifest("$file leads out of the bundle.")
        }
        return FileInputStream(file)
    }
}
