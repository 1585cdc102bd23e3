package org.heirloom.app

import android.graphics.Bitmap
import org.heirloom.app.engine.EngineRecord
import org.heirloom.app.engine.Processor
import org.heirloom.app.engine.Refusal
import org.heirloom.app.photo.Photo
import org.heirloom.app.photo.RestoredPhoto

/** What the app is doing. */
enum class Busy { CHECKING, OPENING, RESTORING, SAVING }

/** Everything that the screen shows. */
data class Screen(
    /** What runs the networks; null as long as that is not known. */
    val engine: EngineRecord? = null,
    val busy: Busy? = null,
    /** The share done of what the app is doing, 0..1; null if it can't be told. */
    val share: Float? = null,
    val photo: Photo? = null,
    /** The photo as it was and restored, of the screen's size. */
    val before: Bitmap? = null,
    val after: Bitmap? = null,
    val restored: RestoredPhoto? = null,
    val message: Text? = null,
) {
    /** A sentence about what the networks run on, and why not on the GPU. */
    fun engineText(): Text? {
        val record = engine ?: return null
        val processor = record.engine?.processor
        if (processor == null) return Text(R.string.no_engine)
        if (processor == Processor.GPU) return Text(R.string.engine_gpu)
        return Text(
            when (record.refusals[Processor.GPU]) {
                Refusal.DIFFERS -> R.string.engine_cpu_differs
                Refusal.CRASHED -> R.string.engine_cpu_crashed
                Refusal.FAILED -> R.string.engine_cpu_failed
                null -> R.string.engine_cpu
            },
        )
    }
}
