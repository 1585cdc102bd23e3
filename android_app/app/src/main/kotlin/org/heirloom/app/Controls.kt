package org.heirloom.app

import android.app.Activity
import android.view.View
import android.widget.Button
import android.widget.ProgressBar
import android.widget.RadioButton
import android.widget.RadioGroup
import android.widget.SeekBar
import android.widget.Switch
import android.widget.TextView
import org.heirloom.app.photo.BrushSize
import org.heirloom.app.ui.PictureView
import org.heirloom.app.ui.onChange
import org.heirloom.core.Faces
import org.heirloom.core.Options
import org.heirloom.core.Scratches

/** The views of the screen: shows the state of the [studio] and passes the person's choices to it. */
class Controls(
    private val activity: Activity,
    private val studio: Studio,
) {
    val picture: PictureView = find(R.id.picture)
    private val message: TextView = find(R.id.message)
    private val engine: TextView = find(R.id.engine)
    private val progress: ProgressBar = find(R.id.progress)
    private val choosing: View = find(R.id.choosing)
    private val painting: View = find(R.id.painting)
    private val strength: SeekBar = find(R.id.strength)
    private val strengthLabel: TextView = find(R.id.strength_label)
    private val scratches: Switch = find(R.id.scratches)
    private val faces: Switch = find(R.id.faces)
    private val keepGray: Switch = find(R.id.keep_gray)
    private val tools: RadioGroup = find(R.id.tools)
    private val sizes: RadioGroup = find(R.id.sizes)
    private val paint = button(R.id.paint) { studio.paint() }
    private val mend = button(R.id.mend) { studio.restore(options(fillOnly = true)) }
    private val restore = button(R.id.restore) { studio.restore(options()) }
    private val cancel = button(R.id.cancel) { studio.cancel() }
    private val undo = button(R.id.undo) { studio.undo() }
    private val close = button(R.id.close_painting) { studio.endPainting() }
    private val next = button(R.id.next) { studio.openNext() }
    private val sources: List<View> = listOf(find(R.id.open), find(R.id.camera))
    private val targets: List<View> = listOf(find(R.id.save), find(R.id.share))

    init {
        strength.onChange { strengthLabel.text = activity.getString(R.string.strength, it) }
        tools.setOnCheckedChangeListener { _, _ -> takeBrush() }
        sizes.setOnCheckedChangeListener { _, _ -> takeBrush() }
        picture.onPainted = { undo.isEnabled = true }
    }

    /** Shows what the views of an earlier activity held, once they hold it again. */
    fun refresh() {
        strengthLabel.text = activity.getString(R.string.strength, strength.progress)
        takeBrush()
    }

    fun show(screen: Screen) {
        val isIdle = screen.busy == null
        val canCancel = screen.busy?.canCancel == true
        picture.show(screen)
        picture.keepScreenOn = canCancel
        engine.text = screen.engineText().on(activity)
        val sentence = sentence(screen)
        // A live region is read out whenever it is set, and the progress is shown many times.
        if (message.text.toString() != sentence) message.text = sentence
        progress.visibility = if (isIdle) View.INVISIBLE else View.VISIBLE
        progress.isIndeterminate = screen.share == null
        progress.progress = ((screen.share ?: 0f) * progress.max).toInt()
        show(choosing, !screen.isPainting)
        show(painting, screen.isPainting)
        for (work in listOf(paint, mend, restore)) {
            show(work, !canCancel)
            work.isEnabled = isIdle && screen.photo != null
        }
        show(cancel, canCancel)
        if (screen.isPainting) show(paint, false)
        undo.isEnabled = isIdle && screen.painting?.mask?.canUndo == true
        close.isEnabled = isIdle
        for (choice in listOf(strength, scratches, faces, keepGray)) choice.isEnabled = isIdle
        for (source in sources) source.isEnabled = isIdle || screen.busy == Busy.CHECKING
        for (target in targets) target.isEnabled = isIdle && screen.restored != null
        show(next, screen.waiting.isNotEmpty())
        next.isEnabled = isIdle
        next.text = activity.getString(R.string.next, screen.waiting.size)
    }

    private fun sentence(screen: Screen): String {
        screen.message?.let { return it.on(activity) }
        val sentence =
            activity.getString(
                when (screen.busy) {
                    Busy.CHECKING -> R.string.checking
                    Busy.OPENING -> R.string.opening
                    Busy.FINDING -> R.string.finding
                    Busy.MENDING -> R.string.mending
                    Busy.RESTORING -> R.string.restoring
                    Busy.SAVING -> R.string.saving
                    null -> if (screen.photo == null) R.string.welcome else R.string.ready
                },
            )
        // Quarters, for who hears it.
        val quarters = ((screen.share ?: 0f) * 4).toInt()
        return if (quarters ==
            0
        ) {
            sentence
        } else {
            activity.getString(R.string.percent, sentence, 25 * quarters)
        }
    }

    private fun options(fillOnly: Boolean = false) =
        Options(
            strength = strength.progress / 100.0,
            scratches = if (scratches.isChecked || fillOnly) Scratches.Auto else Scratches.Off,
            fillOnly = fillOnly,
            keepGray = keepGray.isChecked,
            faces = if (faces.isChecked) Faces.Auto else Faces.Off,
        )

    private fun takeBrush() {
        picture.erases = find<RadioButton>(R.id.eraser).isChecked
        picture.brush =
            when (sizes.checkedRadioButtonId) {
                R.id.small -> BrushSize.SMALL
                R.id.large -> BrushSize.LARGE
                else -> BrushSize.MEDIUM
            }
    }

    private fun show(
        view: View,
        isShown: Boolean,
    ) {
        view.visibility = if (isShown) View.VISIBLE else View.GONE
    }

    private fun button(
        id: Int,
        action: () -> Unit,
    ): Button = find<Button>(id).apply { setOnClickListener { action() } }

    @Suppress("UNCHECKED_CAST")
    private fun <T : View> find(id: Int): T = activity.findViewById(id) as T
}
