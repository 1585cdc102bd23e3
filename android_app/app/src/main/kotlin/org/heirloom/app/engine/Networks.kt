package org.heirloom.app.engine

import android.app.ActivityManager
import android.content.Context
import android.graphics.Bitmap
import android.os.Build
import org.heirloom.app.R
import org.heirloom.app.Refused
import org.heirloom.app.Text
import org.heirloom.app.photo.BitmapPixels
import org.heirloom.app.photo.Photo
import org.heirloom.core.Budget
import org.heirloom.core.Bundle
import org.heirloom.core.HeirloomError
import org.heirloom.core.LatentStore
import org.heirloom.core.MemoryBudgetExceeded
import org.heirloom.core.MissingArtifact
import org.heirloom.core.NetworkFailed
import org.heirloom.core.Options
import org.heirloom.core.Restorer
import org.heirloom.core.RuntimeUnavailable
import org.heirloom.core.SelfTest

/**
 * The networks in the app's assets, and the engines that run them. Used by one thread at a time.
 *
 * Opening them checks every file against the manifest. Throws [Refused] if there are none, and BundleError.
 */
class Networks(
    private val context: Context,
) : AutoCloseable {
    private val bundle = open()
    private val choice = EngineChoice(PreferencesStore(context), key())
    private val latents = LatentStore(context.cacheDir)
    private var running: Pair<Engine, LiteRtRunner>? = null

    /** The test results of this phone's engines. */
    val record: EngineRecord get() = choice.record

    /** A restored photo's pixels, and the processor that computed them. */
    class Outcome(
        val pixels: Bitmap,
        val processor: Processor,
    )

    /** Chooses an engine by the self-test; [progress] is called with the share done of each test. */
    fun choose(progress: (Float) -> Unit) {
        choice.choose(candidates()) { engine ->
            SelfTest
                .run(bundle, runner(engine), FORMATS, engine.precision, progress = progress)
                .all { it.passed }
        }
    }

    /**
     * Decodes [photo] and restores it; [progress] is called with the share done and may throw to cancel.
     *
     * [seen] gets the decoded photo before anything is changed. A GPU that fails meanwhile is not used
     * again; the photo is then begun anew, as it is where the GPU's latent and tiles find no room. Throws
     * [Refused] and [HeirloomError].
     */
    fun restore(
        photo: Photo,
        options: Options,
        seen: (Bitmap) -> Unit,
        progress: (Float) -> Unit,
    ): Outcome {
        val memory = availableMemory()
        if (record.usable.isEmpty()) throw Refused(Text(R.string.no_engine))
        // Float networks need more memory than INT8 ones.
        val engines = record.usable.filter { fits(it, photo, memory, options) }
        if (engines.isEmpty()) throw Refused(Text(R.string.no_memory))
        for (engine in engines.dropLast(1)) {
            try {
                return attempt(engine, photo, memory, options, seen, progress)
            } catch (_: RuntimeUnavailable) {
                choice.refuse(engine.processor, Refusal.FAILED)
            } catch (_: NetworkFailed) {
                choice.refuse(engine.processor, Refusal.FAILED)
            } catch (_: MemoryBudgetExceeded) {
                continue
            } catch (_: OutOfMemoryError) {
                continue
            }
        }
        return attempt(engines.last(), photo, memory, options, seen, progress)
    }

    override fun close() {
        running?.second?.close()
        running = null
    }

    private fun open(): Bundle {
        val source = AssetSource(context.assets)
        if (source.isEmpty()) throw Refused(Text(R.string.no_networks))
        return Bundle.open(source)
    }

    private fun attempt(
        engine: Engine,
        photo: Photo,
        memory: Long,
        options: Options,
        seen: (Bitmap) -> Unit,
        progress: (Float) -> Unit,
    ): Outcome {
        val pixels = photo.decode()
        var done = false
        try {
            seen(pixels)
            choice.using(engine) {
                Restorer(bundle, runner(engine), engine.precision, FORMATS, latents, memory)
                    .restore(BitmapPixels(pixels), options, progress)
            }
            done = true
            return Outcome(pixels, engine.processor)
        } finally {
            if (!done) pixels.recycle()
        }
    }

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

    /** Engines to test: float networks, if there are any, on the GPU, and INT8, fast there, on the CPU. */
    private fun candidates(): List<Engine> {
        val held = listOf("float32", "int8").filter(::holds)
        return listOfNotNull(
            held.firstOrNull()?.let { Engine(Processor.GPU, it) },
            held.lastOrNull()?.let { Engine(Processor.CPU, it) },
        )
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
        return LiteRtRunner(context.assets, engine.processor).also { running = engine to it }
    }

    /** Identity of bundle, build of the app (with its LiteRT) and driver: others may compute otherwise. */
    private fun key(): String {
        val installed = context.packageManager.getPackageInfo(context.packageName, 0)
        return "${bundle.digest} ${installed.versionName} ${installed.lastUpdateTime} ${Build.FINGERPRINT}"
    }

    private companion object {
        val FORMATS = listOf("litert")
    }
}
