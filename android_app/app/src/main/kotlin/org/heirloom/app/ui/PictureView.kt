package org.heirloom.app.ui

import android.content.Context
import android.graphics.Bitmap
import android.graphics.Canvas
import android.graphics.Paint
import android.graphics.Rect
import android.graphics.RectF
import android.os.Bundle
import android.util.AttributeSet
import android.view.KeyEvent
import android.view.MotionEvent
import android.view.View
import android.view.accessibility.AccessibilityEvent
import android.view.accessibility.AccessibilityNodeInfo
import android.view.accessibility.AccessibilityNodeInfo.AccessibilityAction
import android.view.accessibility.AccessibilityNodeInfo.RangeInfo
import android.widget.SeekBar
import org.heirloom.app.R
import org.heirloom.app.Screen
import org.heirloom.app.photo.BrushSize
import org.heirloom.app.photo.Painting
import org.heirloom.app.photo.Photo
import org.heirloom.app.photo.Preview
import org.heirloom.app.photo.RestoredPhoto

/**
 * Shows a photo, and a restored one beside it behind a divider that is dragged, moved with the arrow keys, or
 * by an accessibility service as a seek bar is. Two fingers enlarge and move it, two taps show its own
 * pixels. Where damage is painted, one finger paints.
 */
class PictureView(
    context: Context,
    attributes: AttributeSet?,
) : View(context, attributes),
    Gestures {
    /** The divider's position, as a share of the visible part's width: the original is to its left. */
    var divider = 0.5f
        set(value) {
            field = value.coerceIn(0f, 1f)
            invalidate()
        }

    /** The brush, or eraser, with which one finger paints. */
    var brush = BrushSize.MEDIUM
    var erases = false

    /** Called after each stroke. */
    var onPainted: () -> Unit = {}

    private var photo: Photo? = null
    private var before: Preview? = null
    private var after: Preview? = null
    private var restored: RestoredPhoto? = null
    private var painting: Painting? = null
    private var isPainting = false

    private enum class Dragging { NOTHING, DIVIDER, PHOTO, STROKE }

    private var dragging = Dragging.NOTHING
    private var lastX = 0f
    private var lastY = 0f

    private val viewport = Viewport()
    private val inks = Inks(resources)
    private val reader = GestureReader(context, this)
    private val details = Details(this)
    private val frame = RectF()

    init {
        isFocusable = true
        describe()
    }

    /** Shows the photo as it is in [screen]. */
    fun show(screen: Screen) {
        val isOther = photo !== screen.photo
        val isChanged = isOther || restored !== screen.restored
        photo = screen.photo
        restored = screen.restored
        before = screen.before
        after = screen.after.takeUnless { screen.isPainting }
        painting = screen.painting.takeIf { screen.showsDamage }
        isPainting = screen.isPainting && screen.busy == null
        if (isOther) fit()
        if (isChanged) {
            details.clear()
            requestDetails()
        }
        describe()
        invalidate()
    }

    override fun onSizeChanged(
        width: Int,
        height: Int,
        oldWidth: Int,
        oldHeight: Int,
    ) = fit()

    override fun onDraw(canvas: Canvas) {
        val before = before ?: return
        val part = details.part
        draw(canvas, before)
        part?.before?.let { draw(canvas, it, part.region) }
        val after = after
        val x = dividerX()
        if (after != null) {
            canvas.save()
            canvas.clipRect(x, 0f, width.toFloat(), height.toFloat())
            draw(canvas, after)
            part?.after?.let { draw(canvas, it, part.region) }
            canvas.restore()
        }
        painting?.let { draw(canvas, it.overlay, inks.damage) }
        if (after != null) {
            drawLabels(canvas)
            canvas.drawLine(x, visibleTop(), x, visibleBottom(), inks.line)
            canvas.drawCircle(x, (visibleTop() + visibleBottom()) / 2, inks.handle, inks.line)
        }
    }

    override fun onTouchEvent(event: MotionEvent): Boolean {
        if (photo == null) return super.onTouchEvent(event)
        parent?.requestDisallowInterceptTouchEvent(true)
        reader.read(event)
        if (event.actionMasked == MotionEvent.ACTION_UP) {
            if (dragging == Dragging.STROKE) onPainted()
            requestDetails()
        }
        return true
    }

    override fun down(
        x: Float,
        y: Float,
    ) {
        val isNearDivider = Math.abs(x - dividerX()) < inks.reach
        dragging =
            when {
                isPainting -> Dragging.STROKE
                after != null && (isNearDivider || !viewport.isEnlarged) -> Dragging.DIVIDER
                else -> Dragging.PHOTO
            }
        lastX = x
        lastY = y
        if (dragging == Dragging.STROKE) {
            painting?.begin(viewport.photoX(x), viewport.photoY(y), brush, erases)
            invalidate()
        }
    }

    override fun drag(
        x: Float,
        y: Float,
    ) {
        when (dragging) {
            Dragging.STROKE -> painting?.extend(viewport.photoX(x), viewport.photoY(y))
            Dragging.DIVIDER -> divider = (x - visibleLeft()) / (visibleRight() - visibleLeft())
            Dragging.PHOTO -> viewport.move(x - lastX, y - lastY)
            Dragging.NOTHING -> return
        }
        lastX = x
        lastY = y
        invalidate()
    }

    override fun abandon() {
        if (dragging == Dragging.STROKE) painting?.undo()
        dragging = Dragging.NOTHING
        invalidate()
    }

    override fun pinch(
        factor: Float,
        x: Float,
        y: Float,
        across: Float,
        down: Float,
    ) {
        viewport.zoom(factor, x, y)
        viewport.move(across, down)
        invalidate()
    }

    override fun doubleTap(
        x: Float,
        y: Float,
    ) {
        if (isPainting) return
        viewport.toggle(x, y)
        invalidate()
    }

    override fun onKeyDown(
        keyCode: Int,
        event: KeyEvent,
    ): Boolean =
        when (keyCode) {
            KeyEvent.KEYCODE_DPAD_LEFT -> moveDivider(-STEP)
            KeyEvent.KEYCODE_DPAD_RIGHT -> moveDivider(STEP)
            else -> false
        } || super.onKeyDown(keyCode, event)

    override fun onInitializeAccessibilityNodeInfo(info: AccessibilityNodeInfo) {
        super.onInitializeAccessibilityNodeInfo(info)
        if (after == null) return
        info.className = SeekBar::class.java.name
        info.rangeInfo = RangeInfo.obtain(RangeInfo.RANGE_TYPE_PERCENT, 0f, 100f, 100 * divider)
        info.addAction(AccessibilityAction.ACTION_SCROLL_FORWARD)
        info.addAction(AccessibilityAction.ACTION_SCROLL_BACKWARD)
    }

    override fun onInitializeAccessibilityEvent(event: AccessibilityEvent) {
        super.onInitializeAccessibilityEvent(event)
        if (after == null) return
        event.className = SeekBar::class.java.name
        event.itemCount = 100
        event.currentItemIndex = (100 * divider).toInt()
    }

    override fun performAccessibilityAction(
        action: Int,
        arguments: Bundle?,
    ): Boolean =
        when (action) {
            AccessibilityNodeInfo.ACTION_SCROLL_FORWARD -> moveDivider(STEP)
            AccessibilityNodeInfo.ACTION_SCROLL_BACKWARD -> moveDivider(-STEP)
            else -> false
        } || super.performAccessibilityAction(action, arguments)

    /** Moves the divider; false if there is none, or it is at the end. */
    private fun moveDivider(step: Float): Boolean {
        val from = divider
        if (after != null) divider += step
        // As a seek bar's, its value is then read out.
        if (divider != from) sendAccessibilityEvent(AccessibilityEvent.TYPE_VIEW_SELECTED)
        return divider != from
    }

    override fun onDetachedFromWindow() {
        super.onDetachedFromWindow()
        details.close()
    }

    private fun fit() {
        val photo = photo ?: return
        viewport.fit(width, height, photo.width, photo.height)
        details.clear()
    }

    /** Asks for the photo's own pixels where the preview has fewer than the view shows. */
    private fun requestDetails() {
        val (photo, before) = (photo ?: return) to (before ?: return)
        val step = before.width / before.bitmap.width.toFloat()
        if (step <= 1 || viewport.scale * step <= 1) return
        val region = Rect()
        RectF(
            viewport.photoX(visibleLeft()),
            viewport.photoY(visibleTop()),
            viewport.photoX(visibleRight()),
            viewport.photoY(visibleBottom()),
        ).roundOut(region)
        if (!region.intersect(0, 0, photo.width, photo.height)) return
        var sample = 1
        while (2 * sample * viewport.scale <= 1) sample *= 2
        details.request(photo.regions, restored?.regions, region, sample)
    }

    private fun draw(
        canvas: Canvas,
        part: Bitmap,
        region: Rect,
    ) {
        val (left, top, scale) = Triple(viewport.left, viewport.top, viewport.scale)
        frame.set(
            left + scale * region.left,
            top + scale * region.top,
            left + scale * region.right,
            top + scale * region.bottom,
        )
        canvas.drawBitmap(part, null, frame, inks.filtered)
    }

    private fun draw(
        canvas: Canvas,
        preview: Preview,
        ink: Paint = inks.filtered,
    ) {
        val (left, top, scale) = Triple(viewport.left, viewport.top, viewport.scale)
        frame.set(left, top, left + scale * preview.width, top + scale * preview.height)
        canvas.drawBitmap(preview.bitmap, null, frame, ink)
    }

    private fun drawLabels(canvas: Canvas) {
        val bottom = visibleBottom() - inks.margin
        val after = context.getString(R.string.after)
        canvas.drawText(context.getString(R.string.before), visibleLeft() + inks.margin, bottom, inks.label)
        val right = visibleRight() - inks.margin - inks.label.measureText(after)
        canvas.drawText(after, right, bottom, inks.label)
    }

    private fun visibleLeft() = maxOf(0f, viewport.left)

    private fun visibleTop() = maxOf(0f, viewport.top)

    private fun visibleRight() = minOf(width.toFloat(), viewport.right)

    private fun visibleBottom() = minOf(height.toFloat(), viewport.bottom)

    private fun dividerX() = visibleLeft() + divider * (visibleRight() - visibleLeft())

    private fun describe() {
        val sentence =
            when {
                before == null -> R.string.no_photo
                isPainting -> R.string.photo_painted
                after == null -> R.string.photo_before
                else -> R.string.photo_compared
            }
        val description = context.getString(sentence)
        if (contentDescription?.toString() != description) contentDescription = description
    }

    private companion object {
        const val STEP = 0.05f
    }
}
