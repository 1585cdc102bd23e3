package org.heirloom.core

import java.io.FileNotFoundException
import java.io.IOException
import java.io.InputStream
import java.security.MessageDigest

/** A bundle whose manifest and files are all checked before any is used. */
class Bundle private constructor(
    val source: BundleSource,
    val manifest: Manifest,
    /** sha256 of the manifest, which identifies the bundle's whole content. */
    val digest: String,
) {
    /**
     * The whole content of a file. Throws [MissingBundleFile], and [ChecksumMismatch] if it is not (or no
     * longer) the file that the manifest lists.
     */
    fun bytes(path: String): ByteArray {
        val listed = manifest.files[path] ?: throw MissingBundleFile("The bundle lists no file $path.")
        val content = opened(source, path).use(InputStream::readBytes)
        if (content.size.toLong() != listed.bytes || hex(sha256().digest(content)) != listed.sha256) {
            throw changed(path)
        }
        return content
    }

    /** The part called [name]. Throws [MissingArtifact]. */
    fun part(name: String): Part =
        manifest.parts[name]
            ?: throw MissingArtifact(
                "The bundle ${manifest.name} has no $name: use one of mobile networks.",
            )

    /**
     * The networks of [part] in [precision], in the first of [formats] that has them.
     *
     * Float16 weights stand in for float32 ones. `tone` may exist in float only (it is tiny and runs once a
     * photo), and the [LARGE] parts in INT8 only. Throws [MissingArtifact].
     */
    fun artifact(
        part: String,
        precision: String,
        formats: List<String>,
    ): Artifact {
        val found = part(part)
        val standIns =
            when (part) {
                "tone" -> listOf("float32", "float16")
                in LARGE -> listOf("int8")
                else -> emptyList()
            }
        val half = if (precision == "float32") listOf("float16") else emptyList()
        for (format in formats) {
            for (candidate in listOf(precision) + half + standIns) {
                found.artifacts.find { it.precision == candidate && it.format == format }?.let { return it }
            }
        }
        throw MissingArtifact(
            "The bundle ${manifest.name} has no $part in $precision for ${formats.joinToString(", ")}.",
        )
    }

    companion object {
        const val MANIFEST_NAME = "manifest.json"

        /** Parts of more than a million weights, which a bundle may have in INT8 only. */
        private val LARGE = listOf("scratch", "face")

        /**
         * Reads and checks the bundle in [source].
         *
         * Throws [UnknownBundleVersion], [InvalidManifest], [MissingBundleFile] or [ChecksumMismatch].
         */
        fun open(source: BundleSource): Bundle {
            val raw =
                try {
                    source.open(MANIFEST_NAME).use(InputStream::readBytes)
                } catch (error: IOException) {
                    throw InvalidManifest("This is not a bundle: $MANIFEST_NAME can't be read.", error)
                }
            val manifest = decodeManifest(raw)
            for ((path, listed) in manifest.files) check(source, path, listed)
            return Bundle(source, manifest, hex(sha256().digest(raw)))
        }

        private fun check(
            source: BundleSource,
            path: String,
            listed: BundleFile,
        ) {
            val digest = sha256()
            var bytes = 0L
            opened(source, path).use { stream ->
                val buffer = ByteArray(1 shl 16)
                while (true) {
                    val count = stream.read(buffer)
                    if (count < 0) break
                    digest.update(buffer, 0, count)
                    bytes += count
                }
            }
            if (bytes != listed.bytes || hex(digest.digest()) != listed.sha256) throw changed(path)
        }

        private fun opened(
            source: BundleSource,
            path: String,
        ): InputStream =
            try {
                source.open(path)
            } catch (error: FileNotFoundException) {
                throw MissingBundleFile("$path is missing: copy the bundle again.")
            }

        private fun changed(path: String) =
            ChecksumMismatch("$path is not the file that the manifest lists: copy the bundle again.")

        private fun sha256() = MessageDigest.getInstance("SHA-256")

        private fun hex(bytes: ByteArray) =
            bytes.joinToString("") { ((it.toInt() and 255) or 256).toString(16).substring(1) }
    }
}
