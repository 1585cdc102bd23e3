package org.heirloom.app.ui

/**
 * Where a photo lies on a view: its pixel at x is at `left + scale * x`. At first the whole photo fits; it can
 * be enlarged, and moved as far as its borders.
 */
class Viewport {
    private var viewWidth = 1
    private var viewHeight = 1
    private var photoWidth = 1
    private var photoHeight = 1

    /** The view's pixels for one of the photo. */
    var scale = 1f
        private set
    var left = 0f
        private set
    var top = 0f
        private set

    private val fitting get() = minOf(viewWidth / photoWidth.toFloat(), viewHeight / photoHeight.toFloat())

    /** One pixel of the photo on one of the view; of a photo smaller than the view, two or more. */
    private val close get() = maxOf(1f, 2 * fitting)

    val right get() = left + scale * photoWidth
    val bottom get() = top + scale * photoHeight

    /** Whether the photo is enlarged. */
    val isEnlarged get() = scale > fitting * 1.001f

    /** Shows the whole photo. */
    fun fit(
        viewWidth: Int,
        viewHeight: Int,
        photoWidth: Int,
        photoHeight: Int,
    ) {
        this.viewWidth = maxOf(1, viewWidth)
        this.viewHeight = maxOf(1, viewHeight)
        this.photoWidth = maxOf(1, photoWidth)
        this.photoHeight = maxOf(1, photoHeight)
        scale = fitting
        move(0f, 0f)
    }

    /** Enlarges the photo by [factor]; what is at [x], [y] stays there, as far as the borders allow. */
    fun zoom(
        factor: Float,
        x: Float,
        y: Float,
    ) {
        val to = (scale * factor).coerceIn(fitting, MAX_ZOOM * close)
        val (photoX, photoY) = photoX(x) to photoY(y)
        scale = to
        left = x - scale * photoX
        top = y - scale * photoY
        move(0f, 0f)
    }

    /** Changes between the whole photo and its own pixels around [x], [y]. */
    fun toggle(
        x: Float,
        y: Float,
    ) = zoom((if (isEnlarged) fitting else close) / scale, x, y)

    /** Moves the photo, as far as its borders. */
    fun move(
        across: Float,
        down: Float,
    ) {
        left = within(left + across, scale * photoWidth, viewWidth)
        top = within(top + down, scale * photoHeight, viewHeight)
    }

    /** The photo's column at the view's [x]. */
    fun photoX(x: Float) = (x - left) / scale

    /** The photo's row at the view's [y]. */
    fun photoY(y: Float) = (y - top) / scale

    private fun within(
        start: Float,
        length: Float,
        room: Int,
    ) = if (length <= room) (room - length) / 2 else start.coerceIn(room - length, 0f)

    private companion object {
        const val MAX_ZOOM = 4
    }
}
