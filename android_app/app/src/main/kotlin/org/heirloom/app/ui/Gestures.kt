package org.heirloom.app.ui

import android.content.Context
import android.view.GestureDetector
import android.view.MotionEvent
import android.view.ScaleGestureDetector

/** The fingers' movements on a picture, as the picture understands them. Places are in the view's pixels. */
interface Gestures {
    /** One finger is put down, */
    fun down(
        x: Float,
        y: Float,
    )

    /** moves, */
    fun drag(
        x: Float,
        y: Float,
    )

    /** or was the first of several, so that what it began was not meant. */
    fun abandon()

    /** Two fingers are moved apart by [factor], around the place between them, which itself has moved. */
    fun pinch(
        factor: Float,
        x: Float,
        y: Float,
        across: Float,
        down: Float,
    )

    fun doubleTap(
        x: Float,
        y: Float,
    )
}

/** Tells the [gestures] in touch events. */
class GestureReader(
    context: Context,
    private val gestures: Gestures,
) {
    private var isPinching = false
    private var lastX = 0f
    private var lastY = 0f

    private val pinches =
        ScaleGestureDetector(
            context,
            object : ScaleGestureDetector.SimpleOnScaleGestureListener() {
                override fun onScaleBegin(detector: ScaleGestureDetector): Boolean {
                    lastX = detector.focusX
                    lastY = detector.focusY
                    return true
                }

                override fun onScale(detector: ScaleGestureDetector): Boolean {
                    val (x, y) = detector.focusX to detector.focusY
                    gestures.pinch(detector.scaleFactor, x, y, x - lastX, y - lastY)
                    lastX = x
                    lastY = y
                    return true
                }
            },
        ).apply { isQuickScaleEnabled = false }

    private val taps =
        GestureDetector(
            context,
            object : GestureDetector.SimpleOnGestureListener() {
                override fun onDoubleTap(event: MotionEvent): Boolean {
                    gestures.doubleTap(event.x, event.y)
                    return true
                }
            },
        )

    fun read(event: MotionEvent) {
        pinches.onTouchEvent(event)
        taps.onTouchEvent(event)
        when (event.actionMasked) {
            MotionEvent.ACTION_DOWN -> {
                isPinching = false
                gestures.down(event.x, event.y)
            }

            MotionEvent.ACTION_POINTER_DOWN -> {
                if (!isPinching) gestures.abandon()
                isPinching = true
            }

            MotionEvent.ACTION_MOVE -> {
                if (!isPinching) dragAll(event)
            }
        }
    }

    /** A screen reports more places than it draws frames: without them fast strokes have corners. */
    private fun dragAll(event: MotionEvent) {
        for (i in 0 until event.historySize) gestures.drag(event.getHistoricalX(i), event.getHistoricalY(i))
        gestures.drag(event.x, event.y)
    }
}
