package org.heirloom.app.ui

import android.content.Context
import android.graphics.Bitmap
import android.graphics.Canvas
import android.graphics.Color
import android.graphics.Paint
import android.graphics.RectF
import android.os.Bundle
import android.util.AttributeSet
import android.util.TypedValue
import android.view.KeyEvent
import android.view.MotionEvent
import android.view.View
import android.view.accessibility.AccessibilityNodeInfo
import android.view.accessibility.AccessibilityNodeInfo.AccessibilityAction
import android.widget.SeekBar
import org.heirloom.app.R

/**
 * Shows a photo before and after, with a divider between them that is dragged, moved with the arrow keys,
 * or by an accessibility service as a seek bar is.
 */
class CompareView(
    context: Context,
    attributes: AttributeSet?,
) : View(context, attributes) {
    /** The divider's position, as a share of the photo's width: the original is shown to its left. */
    var divider = 0.5f
        set(value) {
            field = value.coerceIn(0f, 1f)
            describe()
            invalidate()
        }

    private var before: Bitmap? = null
    private var after: Bitmap? = null
    private val frame = RectF()
    private val filtered = Paint(Paint.FILTER_BITMAP_FLAG)
    private val density = resources.displayMetrics.density
    private val line =
        Paint(Paint.ANTI_ALIAS_FLAG).apply {
            color = Color.WHITE
            strokeWidth = 2 * density
            setShadowLayer(2 * density, 0f, 0f, Color.BLACK)
        }
    private val label =
        Paint(Paint.ANTI_ALIAS_FLAG).apply {
            color = Color.WHITE
            textSize =
                TypedValue.applyDimension(TypedValue.COMPLEX_UNIT_SP, LABEL_SIZE, resources.displayMetrics)
            setShadowLayer(3 * density, 0f, 0f, Color.BLACK)
        }

    init {
        isFocusable = true
        describe()
    }

    /** Shows [before] and, once there is one, [after]. */
    fun show(
        before: Bitmap?,
        after: Bitmap?,
    ) {
        if (before === this.before && after === this.after) return
        this.before = before
        this.after = after
        describe()
        invalidate()
    }

    override fun onDraw(canvas: Canvas) {
        val before = before ?: return
        fit(before)
        canvas.drawBitmap(before, null, frame, filtered)
        val after = after ?: return
        val x = frame.left + divider * frame.width()
        canvas.save()
        canvas.clipRect(x, frame.top, frame.right, frame.bottom)
        canvas.drawBitmap(after, null, frame, filtered)
        canvas.restore()
        drawLabels(canvas)
        canvas.drawLine(x, frame.top, x, frame.bottom, line)
        canvas.drawCircle(x, frame.centerY(), HANDLE * density, line)
    }

    override fun onTouchEvent(event: MotionEvent): Boolean {
        if (after == null) return super.onTouchEvent(event)
        when (event.actionMasked) {
            MotionEvent.ACTION_DOWN -> parent?.requestDisallowInterceptTouchEvent(true)
            MotionEvent.ACTION_MOVE -> Unit
            else -> return super.onTouchEvent(event)
        }
        divider = (event.x - frame.left) / frame.width()
        return true
    }

    override fun onKeyDown(
        keyCode: Int,
        event: KeyEvent,
    ): Boolean =
        when (keyCode) {
            KeyEvent.KEYCODE_DPAD_LEFT -> move(-STEP)
            KeyEvent.KEYCODE_DPAD_RIGHT -> move(STEP)
            else -> false
        } || super.onKeyDown(keyCode, event)

    override fun onInitializeAccessibilityNodeInfo(info: AccessibilityNodeInfo) {
        super.onInitializeAccessibilityNodeInfo(info)
        if (after == null) return
        info.className = SeekBar::class.java.name
        info.addAction(AccessibilityAction.ACTION_SCROLL_FORWARD)
        info.addAction(AccessibilityAction.ACTION_SCROLL_BACKWARD)
    }

    override fun performAccessibilityAction(
        action: Int,
        arguments: Bundle?,
    ): Boolean =
        when (action) {
            AccessibilityNodeInfo.ACTION_SCROLL_FORWARD -> move(STEP)
            AccessibilityNodeInfo.ACTION_SCROLL_BACKWARD -> move(-STEP)
            else -> false
        } || super.performAccessibilityAction(action, arguments)

    /** Moves the divider; false if there is none, or it is at the end. */
    private fun move(step: Float): Boolean {
        val from = divider
        if (after != null) divider += step
        return divider != from
    }

    /** Sets the frame to the largest in which the whole photo fits. */
    private fun fit(photo: Bitmap) {
        val scale = minOf(width / photo.width.toFloat(), height / photo.height.toFloat())
        val left = (width - scale * photo.width) / 2
        val top = (height - scale * photo.height) / 2
        frame.set(left, top, left + scale * photo.width, top + scale * photo.height)
    }

    private fun drawLabels(canvas: Canvas) {
        val margin = MARGIN * density
        val bottom = frame.bottom - margin
        val right = context.getString(R.string.after)
        canvas.drawText(context.getString(R.string.before), frame.left + margin, bottom, label)
        canvas.drawText(right, frame.right - margin - label.measureText(right), bottom, label)
    }

    private fun describe() {
        val percent = (100 * divider).toInt()
        contentDescription =
            when {
                before == null -> context.getString(R.string.no_photo)
                after == null -> context.getString(R.string.photo_before)
                else -> context.getString(R.string.photo_compared, percent)
            }
    }

    private companion object {
        const val STEP = 0.05f
        const val LABEL_SIZE = 14f
        const val MARGIN = 12
        const val HANDLE = 9
    }
}
