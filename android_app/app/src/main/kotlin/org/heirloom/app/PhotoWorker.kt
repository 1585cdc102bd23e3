package org.heirloom.app

import android.content.Context
import android.graphics.Bitmap
import android.net.Uri
import org.heirloom.app.engine.EngineRecord
import org.heirloom.app.engine.Networks
import org.heirloom.app.photo.Gallery
import org.heirloom.app.photo.Painting
import org.heirloom.app.photo.Photo
import org.heirloom.app.photo.Preview
import org.heirloom.app.photo.RestoredPhoto
import org.heirloom.app.photo.SharedFiles
import org.heirloom.core.Damage
import org.heirloom.core.Options
import org.heirloom.core.PaintedMask
import org.heirloom.core.Restored
import org.heirloom.core.Step
import java.io.File

/** How far a photo's restoration is, for a person to see. */
sealed class Sight {
    /** The photo as it was decoded. */
    class Before(
        val preview: Preview,
    ) : Sight()

    /** The damage that was found; null: none. */
    class Found(
        val painting: Painting?,
    ) : Sight()

    /** The photo with its damage filled. */
    class Filled(
        val preview: Preview,
    ) : Sight()
}

/**
 * All work on photos, by the networks and with files. Used by one thread at a time, which it keeps busy for
 * seconds to minutes. Its functions throw [Refused], HeirloomError and IOException, and
 * CancellationException by their `cancel`.
 */
class PhotoWorker(
    private val context: Context,
) {
    /** The networks; null until they have been opened. */
    private var networks: Networks? = null

    /** The test results of the engines; null until the networks have been opened. */
    val record: EngineRecord? get() = networks?.record

    /** A restored photo's file, a preview of it, and what was done. */
    class Finished(
        val file: RestoredPhoto,
        val preview: Preview,
        val restored: Restored,
    )

    /** Removes an earlier process's files, and chooses an engine for the networks. */
    fun prepare(progress: (Float) -> Unit) {
        // The camera's picture is left: the app may have been ended while the camera was in front.
        removeFiles(SharedFiles.folder(context), but = capture())
        removeFiles(photos(), but = null)
        networks(progress)
    }

    /** The file to which a camera app writes its picture. */
    fun capture() = File(SharedFiles.folder(context), "capture.jpg")

    /** Opens the photo at [uri]; the files of all but [open] are removed, or of all but this one. */
    fun open(
        uri: Uri,
        open: Photo?,
    ): Pair<Photo, Preview> {
        var kept = open
        try {
            val photo = Photo.open(context.contentResolver, uri, photos())
            val preview = photo.decodePreview()
            kept = photo
            return photo to preview
        } finally {
            removeFiles(photos(), but = kept?.file)
        }
    }

    /** Finds the damage of [photo], to be painted. */
    fun find(
        photo: Photo,
        cancel: Cancel,
        progress: (Float) -> Unit,
    ): Painting {
        val networks = networks(progress)
        val found =
            networks.use(photo, Options(fillOnly = true), cancel, seen = {}) { restorer, pixels, _ ->
                restorer.findDamage(pixels, progress)
            }
        found.pixels.recycle()
        return painting(photo, networks, found.result)
    }

    /** Restores [photo] into a new file. */
    fun restore(
        photo: Photo,
        options: Options,
        cancel: Cancel,
        show: (Sight) -> Unit,
        progress: (Float) -> Unit,
    ): Finished {
        val networks = networks(progress)
        val seen = { bitmap: Bitmap -> show(Sight.Before(Preview.of(bitmap))) }
        val done =
            networks.use(photo, options, cancel, seen) { restorer, pixels, bitmap ->
                val ended = { step: Step ->
                    when (step) {
                        is Step.Found -> {
                            val painting = step.damage?.let { painting(photo, networks, it) }
                            show(Sight.Found(painting))
                        }

                        is Step.Filled -> {
                            show(Sight.Filled(Preview.of(bitmap)))
                        }
                    }
                }
                restorer.restore(pixels, options, ended, progress)
            }
        try {
            val preview = Preview.of(done.pixels)
            val folder = SharedFiles.folder(context)
            return Finished(RestoredPhoto.encode(done.pixels, photo, folder, cancel), preview, done.result)
        } finally {
            // The file has it all; the bitmap may be 200 MB.
            done.pixels.recycle()
        }
    }

    /** Adds [restored] to the gallery. */
    fun save(restored: RestoredPhoto) = Gallery.save(context, restored)

    private fun painting(
        photo: Photo,
        networks: Networks,
        found: Damage?,
    ): Painting {
        val mask = PaintedMask.of(photo.height, photo.width, networks.detection, found)
        return Painting(mask, photo.width, photo.height)
    }

    /** The networks; opened, with an engine chosen for them, on first use. */
    private fun networks(progress: (Float) -> Unit): Networks {
        networks?.let { return it }
        val opened = Networks(context)
        var isChosen = false
        try {
            opened.choose(progress)
            isChosen = true
        } finally {
            if (!isChosen) opened.close()
        }
        networks = opened
        return opened
    }

    /** The folder for the copy of the open photo. */
    private fun photos() = File(context.cacheDir, "photos").apply { mkdirs() }

    private fun removeFiles(
        folder: File,
        but: File?,
    ) {
        folder.listFiles()?.filterNot { it == but }?.forEach { it.delete() }
    }
}
