package org.heirloom.app

import android.graphics.Bitmap
import org.heirloom.app.engine.EngineRecord
import org.heirloom.app.engine.Processor
import org.heirloom.app.engine.Refusal
import org.heirloom.app.photo.Photo
import org.heirloom.app.photo.RestoredPhoto

/** The app's activity. */
enum class Busy { CHECKING, OPENING, RESTORING, SAVING }

/** The state that the screen shows. */
data class Screen(
    /** The engines for the networks; null until they are known. */
    val engine: EngineRecord? = null,
    val busy: Busy? = null,
    /** The progress of the current activity, 0..1; null if unknown. */
    val share: Float? = null,
    val photo: Photo? = null,
    /** The photo before and after restoration, of the screen's size. */
    val before: Bitmap? = null,
    val after: Bitmap? = null,
    val restored: RestoredPhoto? = null,
    val message: Text? = null,
) {
    /** A sentence with the processor of the networks, and the reason if it is not the GPU. */
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
