package org.heirloom.app

import android.content.Context
import android.net.Uri
import android.os.Handler
import android.os.Looper
import android.util.Log
import org.heirloom.app.photo.Painting
import org.heirloom.core.BundleError
import org.heirloom.core.MemoryBudgetExceeded
import org.heirloom.core.NetworkFailed
import org.heirloom.core.Options
import org.heirloom.core.RuntimeUnavailable
import org.heirloom.core.Scratches
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
    context: Context,
) {
    /** The current state. */
    var screen = Screen()
        private set

    /** Called on the main thread whenever [screen] has changed. */
    var listener: ((Screen) -> Unit)? = null

    private val main = Handler(Looper.getMainLooper())
    private val thread = Executors.newSingleThreadExecutor()
    private val worker = PhotoWorker(context)

    /** The end of the job that was started last. */
    private var cancel = Cancel()

    /** Number of unfinished jobs. */
    private var jobs = 0

    init {
        start(Busy.CHECKING) { _, progress ->
            worker.prepare(progress)
            return@start { it }
        }
    }

    /** The file to which a camera app writes its picture. */
    fun capture() = worker.capture()

    /** Opens the first of the photos at [uris], and keeps the others to be opened after it. */
    fun open(uris: List<Uri>) {
        val uri = uris.firstOrNull() ?: return say(text(R.string.not_readable))
        val photo = screen.photo
        start(Busy.OPENING) { _, _ ->
            val (opened, preview) = worker.open(uri, photo)
            return@start { Screen(it.engine, photo = opened, before = preview, waiting = uris.drop(1)) }
        }
    }

    /** Opens the next of the photos that were sent. */
    fun openNext() = open(screen.waiting)

    /** Looks for damage, unless that was done, and lets the person paint. */
    fun paint() {
        val photo = screen.photo ?: return
        screen.painting?.let { return show { screen -> painting(screen, it) } }
        start(Busy.FINDING) { cancel, progress ->
            val painting = worker.find(photo, cancel, progress)
            return@start { painting(it, painting) }
        }
    }

    private fun painting(
        screen: Screen,
        painting: Painting,
    ): Screen {
        val isFound =
            painting.mask.damage.mask
                .any()
        val message = text(if (isFound) R.string.damage_found else R.string.no_damage_found)
        return screen.copy(painting = painting, isPainting = true, message = message)
    }

    /** Takes back what was painted last. */
    fun undo() {
        screen.painting?.takeIf { it.mask.canUndo }?.undo()
        show { it }
    }

    /** Ends painting; the strokes stay. */
    fun endPainting() = show { it.copy(isPainting = false, message = null) }

    /** Restores the open photo, from the damage as painted if there is any and [options] look for it. */
    fun restore(options: Options) {
        val photo = screen.photo ?: return
        val painted = screen.painting?.mask?.damage
        val given =
            if (painted == null || options.scratches !is Scratches.Auto) {
                options
            } else {
                options.copy(scratches = Scratches.Painted(painted))
            }
        val first = if (given.scratches is Scratches.Auto) Busy.FINDING else Busy.RESTORING
        start(first) { cancel, progress ->
            val finished = worker.restore(photo, given, cancel, ::sight, progress)
            return@start {
                it.copy(
                    after = finished.preview,
                    restored = finished.file,
                    message = wordsFor(finished.restored.done),
                )
            }
        }
    }

    /** Ends the current job; the photo stays open. */
    fun cancel() {
        if (screen.busy?.canCancel == true) cancel.request()
    }

    /** Saves the restored photo to the gallery. */
    fun save() {
        val restored = screen.restored ?: return
        start(Busy.SAVING) { _, _ ->
            worker.save(restored)
            return@start { it.copy(message = text(R.string.saved)) }
        }
    }

    /** Shows [message], a sentence about the activity's last attempt. */
    fun say(message: Text) = show { it.copy(message = message) }

    /** Shows how far the job's photo is. */
    private fun sight(sight: Sight) {
        main.post {
            show {
                when (sight) {
                    is Sight.Before -> {
                        it.copy(before = sight.preview, after = null, restored = null, isPainting = false)
                    }

                    is Sight.Found -> {
                        val next = if (sight.painting == null) Busy.RESTORING else Busy.MENDING
                        it.copy(painting = it.painting ?: sight.painting, busy = next)
                    }

                    is Sight.Filled -> {
                        it.copy(after = sight.preview, busy = Busy.RESTORING)
                    }
                }
            }
        }
    }

    /**
     * Runs [job] on the thread, then applies its result to the screen. Shows a message if the app is busy,
     * except during the first check, after which the job runs.
     */
    private fun start(
        busy: Busy,
        job: (Cancel, (Float) -> Unit) -> (Screen) -> Screen,
    ) {
        if (screen.busy != null && screen.busy != Busy.CHECKING) return say(text(R.string.busy))
        val cancel = Cancel()
        this.cancel = cancel
        jobs++
        show { it.copy(busy = busy, share = null, message = null) }
        val progress = { share: Float ->
            cancel.check()
            main.post { show { if (it.busy == null) it else it.copy(share = share) } }
            Unit
        }
        thread.execute {
            val change =
                try {
                    job(cancel, progress)
                } catch (error: Exception) {
                    failed(error)
                } catch (error: OutOfMemoryError) {
                    failed(error)
                }
            val record = worker.record
            main.post {
                jobs--
                show {
                    val next = if (jobs == 0) null else it.busy
                    change(it).copy(engine = record, busy = next, share = null)
                }
            }
        }
    }

    /** What a job has done until it failed is not shown. */
    private fun failed(error: Throwable): (Screen) -> Screen {
        if (error !is CancellationException) Log.w("Heirloom", "a job failed", error)
        return { it.copy(after = it.after.takeIf { _ -> it.restored != null }, message = sentence(error)) }
    }

    private fun sentence(error: Throwable): Text =
        when (error) {
            is Refused -> error.sentence
            is CancellationException -> text(R.string.cancelled)
            is MemoryBudgetExceeded, is OutOfMemoryError -> text(R.string.no_memory)
            is BundleError -> text(R.string.no_networks)
            is RuntimeUnavailable, is NetworkFailed -> text(R.string.failed)
            is IOException -> text(R.string.no_storage)
            else -> text(R.string.unexpected)
        }

    private fun show(change: (Screen) -> Screen) {
        screen = change(screen)
        listener?.invoke(screen)
    }
}
