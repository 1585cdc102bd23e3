package org.heirloom.app

import android.net.Uri
import org.heirloom.app.engine.EngineRecord
import org.heirloom.app.engine.Processor
import org.heirloom.app.engine.Refusal
import org.heirloom.app.photo.Painting
import org.heirloom.app.photo.Photo
import org.heirloom.app.photo.Preview
import org.heirloom.app.photo.RestoredPhoto

/** The app's activity; one that [canCancel] changes nothing until it has ended. */
enum class Busy(
    val canCancel: Boolean,
) {
    CHECKING(false),
    OPENING(false),
    FINDING(true),
    MENDING(true),
    RESTORING(true),
    SAVING(false),
}

/** The state that the screen shows. */
data class Screen(
    /** The engines for the networks; null until they are known. */
    val engine: EngineRecord? = null,
    val busy: Busy? = null,
    /** The progress of the current activity, 0..1; null if unknown. */
    val share: Float? = null,
    val photo: Photo? = null,
    /** Photos that another app has sent, to be opened after this one. */
    val waiting: List<Uri> = emptyList(),
    val before: Preview? = null,
    /** The photo mended or restored; while work goes on, as far as it is. */
    val after: Preview? = null,
    /** The photo's damage, once it has been looked for. */
    val painting: Painting? = null,
    /** Whether the person paints damage in and rubs it out. */
    val isPainting: Boolean = false,
    val restored: RestoredPhoto? = null,
    val message: Text? = null,
) {
    /** Whether the damage is shown over the photo. */
    val showsDamage get() = isPainting || busy == Busy.MENDING

    /** A sentence with what computes, and the reason if it is not the graphics chip. */
    fun engineText(): Text {
        val record = engine ?: return text(R.string.engine_unknown)
        val processor = record.engine?.processor ?: return text(R.string.no_engine)
        if (processor == Processor.GPU) return text(R.string.engine_gpu)
        return text(
            when (record.refusal(Processor.GPU)) {
                Refusal.DIFFERS -> R.string.engine_cpu_differs
                Refusal.CRASHED -> R.string.engine_cpu_crashed
                Refusal.FAILED -> R.string.engine_cpu_failed
                null -> R.string.engine_cpu
            },
        )
    }
}
