package org.heirloom.app

import android.content.Context
import android.net.Uri
import android.os.Handler
import android.os.Looper
import android.util.Log
import org.heirloom.app.engine.Networks
import org.heirloom.app.engine.Processor
import org.heirloom.app.photo.Gallery
import org.heirloom.app.photo.Photo
import org.heirloom.app.photo.Preview
import org.heirloom.app.photo.RestoredPhoto
import org.heirloom.app.photo.SharedFiles
import org.heirloom.core.HeirloomError
import org.heirloom.core.MemoryBudgetExceeded
import org.heirloom.core.Options
import java.io.File
import java.io.IOException
import java.util.concurrent.CancellationException
import java.util.concurrent.Executors

/**
 * The app's jobs and their state. It lives as long as the process, so that turning the phone neither ends
 * nor repeats a job; one thread runs the jobs, one after the other.
 *
 * Its functions are called on the main thread.
 */
class Studio(
    private val context: Context,
) {
    /** The current state. */
    var screen = Screen()
        private set

    /** Called on the main thread whenever [screen] has changed. */
    var listener: ((Screen) -> Unit)? = null

    private val main = Handler(Looper.getMainLooper())
    private val worker = Executors.newSingleThreadExecutor()

    @Volatile private var cancelled = false

    /** Number of unfinished jobs. */
    private var jobs = 0

    /** The networks, used by the worker only; null until they have been opened. */
    private var networks: Networks? = null

    init {
        start(Busy.CHECKING) {
            // The camera's picture is left: the app may have been ended while the camera was in front.
            removeFiles(SharedFiles.folder(context), but = capture())
            removeFiles(photos(), but = null)
            val record = networks().record
            return@start { it.copy(engine = record) }
        }
    }

    /** The file to which a camera app writes its picture. */
    fun capture() = File(SharedFiles.folder(context), "capture.jpg")

    /** Opens the photo at [uri], which replaces the previous one. */
    fun open(uri: Uri) {
        var kept = screen.photo
        start(Busy.OPENING) {
            try {
                val photo = Photo.open(context.contentResolver, uri, photos())
                val before = photo.decodePreview()
                kept = photo
                return@start { Screen(engine = it.engine, photo = photo, before = before) }
            } finally {
                removeFiles(photos(), but = kept?.file)
            }
        }
    }

    /** Restores the open photo. */
    fun restore(options: Options) {
        val photo = screen.photo ?: return
        start(Busy.RESTORING) { restored(photo, options) }
    }

    /** Ends a restoration; the photo stays open. */
    fun cancel() {
        if (screen.busy == Busy.RESTORING) cancelled = true
    }

    /** Saves the restored photo to the gallery. */
    fun save() {
        val restored = screen.restored ?: return
        start(Busy.SAVING) {
            Gallery.save(context, restored)
            return@start { it.copy(message = Text(R.string.saved)) }
        }
    }

    /** Shows [message], a sentence about the activity's last attempt. */
    fun say(message: Text) = show { it.copy(message = message) }

    /** The networks; opened, with an engine chosen for them, on first use. */
    private fun networks(): Networks {
        networks?.let { return it }
        val opened = Networks(context)
        var chosen = false
        try {
            opened.choose(::report)
            chosen = true
        } finally {
            if (!chosen) opened.close()
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

    private fun restored(
        photo: Photo,
        options: Options,
    ): (Screen) -> Screen {
        val networks = networks()
        val outcome =
            networks.restore(photo, options, seen = { decoded ->
                val before = Preview.of(decoded)
                main.post { show { it.copy(before = before, after = null, restored = null) } }
            }, ::report)
        try {
            val after = Preview.of(outcome.pixels)
            val restored = RestoredPhoto.encode(outcome.pixels, photo, SharedFiles.folder(context))
            val record = networks.record
            val gpu = outcome.processor == Processor.GPU
            val message = Text(if (gpu) R.string.restored_gpu else R.string.restored_cpu)
            return { it.copy(engine = record, after = after, restored = restored, message = message) }
        } finally {
            // The file has it all; the bitmap may be 200 MB.
            outcome.pixels.recycle()
        }
    }

    /** Shows the share done, and ends the job if it was cancelled. */
    private fun report(share: Float) {
        if (cancelled) throw CancellationException()
        main.post { show { if (it.busy == null) it else it.copy(share = share) } }
    }

    /**
     * Runs [job] on the worker, then applies its result to the screen. Shows a message if the app is busy,
     * except during the first check, after which the job runs.
     */
    private fun start(
        busy: Busy,
        job: () -> (Screen) -> Screen,
    ) {
        if (screen.busy != null && screen.busy != Busy.CHECKING) {
            say(Text(R.string.busy))
            return
        }
        cancelled = false
        jobs++
        show { it.copy(busy = busy, share = null, message = null) }
        worker.execute {
            val change =
                try {
                    job()
                } catch (error: Exception) {
                    failed(error)
                } catch (error: OutOfMemoryError) {
                    failed(error)
                }
            main.post {
                jobs--
                show { change(it).copy(busy = if (jobs == 0) null else it.busy, share = null) }
            }
        }
    }

    private fun failed(error: Throwable): (Screen) -> Screen {
        if (error !is CancellationException) Log.w("Heirloom", "a job failed", error)
        val record = networks?.record
        return { it.copy(engine = record, message = sentence(error)) }
    }

    private fun sentence(error: Throwable): Text =
        when (error) {
            is Refused -> error.sentence
            is CancellationException -> Text(R.string.cancelled)
            is MemoryBudgetExceeded, is OutOfMemoryError -> Text(R.string.no_memory)
            is HeirloomError -> Text(R.string.verbatim, error.message.orEmpty())
            is IOException -> Text(R.string.no_storage)
            else -> Text(R.string.unexpected)
        }

    private fun show(change: (Screen) -> Screen) {
        screen = change(screen)
        listener?.invoke(screen)
    }
}
