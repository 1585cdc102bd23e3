package org.heirloom.app.engine

import android.app.ActivityManager
import android.content.Context
import android.graphics.Bitmap
import android.os.Build
import org.heirloom.app.Cancel
import org.heirloom.app.R
import org.heirloom.app.Refused
import org.heirloom.app.photo.BitmapPixels
import org.heirloom.app.photo.Photo
import org.heirloom.app.text
import org.heirloom.core.Budget
import org.heirloom.core.Bundle
import org.heirloom.core.HeirloomError
import org.heirloom.core.LatentStore
import org.heirloom.core.MemoryBudgetExceeded
import org.heirloom.core.MissingArtifact
import org.heirloom.core.NetworkFailed
import org.heirloom.core.Options
import org.heirloom.core.Pixels
import org.heirloom.core.Restorer
import org.heirloom.core.RuntimeUnavailable
import org.heirloom.core.SelfTest
import java.io.File

/**
 * The networks in the app's assets, and the engines that run them. Used by one thread at a time.
 *
 * Opening them checks every file against the manifest. Throws [Refused] if there are none, and BundleError.
 */
class Networks(
    private val context: Context,
) : AutoCloseable {
    private val bundle = open()
    private val choice = EngineChoice(PreferencesStore(context), key(), ProcessExits(context))
    private val latents = LatentStore(context.cacheDir)
    private var running: Pair<Engine, LiteRtRunner>? = null

    /** The test results of this phone's engines. */
    val record: EngineRecord get() = choice.record

    /** The rule by which damage is found. */
    val detection get() = bundle.manifest.detection

    /** A photo's decoded pixels, with the [result] of the work on them. */
    class Worked<T>(
        val pixels: Bitmap,
        val result: T,
    )

    /** Chooses an engine by the self-test; [progress] is called with the share done of each test. */
    fun choose(progress: (Float) -> Unit) {
        choice.choose(candidates()) { engine ->
            if (passes(engine) { progress(it / 2) }) {
                // Once more, now that everything is loaded.
                val loaded = System.nanoTime()
                passes(engine) { progress(0.5f + it / 2) }
                (System.nanoTime() - loaded) / 1_000_000
            } else {
                null
            }
        }
    }

    /**
     * Decodes [photo] and does [work] on it, which may restore it or part of it, as [options] say.
     *
     * [seen] gets the decoded photo before anything is changed. A GPU that fails meanwhile is not used
     * again; the photo is then begun anew, as it is where the GPU's latent and tiles find no room. Throws
     * [Refused], [HeirloomError], and CancellationException by [cancel].
     */
    fun <T> use(
        photo: Photo,
        options: Options,
        cancel: Cancel,
        seen: (Bitmap) -> Unit,
        work: (Restorer, Pixels, Bitmap) -> T,
    ): Worked<T> {
        val memory = availableMemory()
        if (record.usable.isEmpty()) throw Refused(text(R.string.no_engine))
        // Float networks need more memory than INT8 ones.
        val engines = record.usable.filter { fits(it, photo, memory, options) }
        if (engines.isEmpty()) throw Refused(text(R.string.no_memory))

        fun attempt(engine: Engine): Worked<T> {
            val bitmap = photo.decode(cancel)
            var done = false
            try {
                seen(bitmap)
                val pixels = BitmapPixels(bitmap, cancel)
                val restorer = Restorer(bundle, runner(engine), engine.precision, FORMATS, latents, memory)
                val result = choice.using(engine) { work(restorer, pixels, bitmap) }
                done = true
                return Worked(bitmap, result)
            } finally {
                if (!done) bitmap.recycle()
            }
        }
        for (engine in engines.dropLast(1)) {
            try {
                return attempt(engine)
            } catch (_: RuntimeUnavailable) {
                choice.refuse(engine, Refusal.FAILED)
            } catch (_: NetworkFailed) {
                choice.refuse(engine, Refusal.FAILED)
            } catch (_: MemoryBudgetExceeded) {
                continue
            } catch (_: OutOfMemoryError) {
                continue
            }
        }
        return attempt(engines.last())
    }

    override fun close() {
        running?.second?.close()
        running = null
    }

    private fun open(): Bundle {
        val source = AssetSource(context.assets)
        if (source.isEmpty()) throw Refused(text(R.string.no_networks))
        return Bundle.open(source)
    }

    private fun passes(
        engine: Engine,
        progress: (Float) -> Unit,
    ) = SelfTest
        .run(bundle, runner(engine), FORMATS, engine.precision, progress = progress)
        .all { it.passed }

    /** Whether a photo fits, with a quarter left to tiles, whose size the core chooses by the memory. */
    private fun fits(
        engine: Engine,
        photo: Photo,
        memory: Long,
        options: Options,
    ): Boolean {
        val (height, width) = photo.height to photo.width
        val need =
            Budget.need(height, width, bundle, latents, engine.precision, FORMATS, options = options)
        val heap = Runtime.getRuntime()
        val freeHeap = heap.maxMemory() - heap.totalMemory() + heap.freeMemory()
        return need.total <= memory - memory / 4 && need.heap <= freeHeap
    }

    /** Bytes that the app can allocate before the system begins to end apps. */
    private fun availableMemory(): Long {
        val memory = ActivityManager.MemoryInfo()
        (context.getSystemService(Context.ACTIVITY_SERVICE) as ActivityManager).getMemoryInfo(memory)
        return memory.availMem - memory.threshold
    }

    /** Engines to test, the safest first, so that a start after a crash has one to fall back on. */
    private fun candidates(): List<Engine> =
        Processor.entries.flatMap { processor ->
            listOf("int8", "float32").filter(::holds).map { Engine(processor, it) }
        }

    private fun holds(precision: String): Boolean =
        try {
            bundle.manifest.parts.keys
                .forEach { bundle.artifact(it, precision, FORMATS) }
            true
        } catch (_: MissingArtifact) {
            false
        }

    private fun runner(engine: Engine): LiteRtRunner {
        running?.let { (loaded, runner) -> if (loaded == engine) return runner }
        close()
        return LiteRtRunner(context.assets, engine.processor, programs()).also { running = engine to it }
    }

    /** The folder for the GPU's compiled programs, which the system clears with the app's next version. */
    private fun programs() = File(context.codeCacheDir, "gpu/${bundle.digest}").apply { mkdirs() }

    /** Identity of bundle, build of the app (with its LiteRT) and driver: others may compute otherwise. */
    private fun key(): String {
        val installed = context.packageManager.getPackageInfo(context.packageName, 0)
        return "${bundle.digest} ${installed.versionName} ${installed.lastUpdateTime} ${Build.FINGERPRINT}"
    }

    private companion object {
        val FORMATS = listOf("litert")
    }
}
