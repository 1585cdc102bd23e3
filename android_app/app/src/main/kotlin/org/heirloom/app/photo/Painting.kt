package org.heirloom.app.photo

import android.graphics.Bitmap
import android.graphics.Color
import org.heirloom.core.MAX_COORDINATE
import org.heirloom.core.MAX_RADIUS
import org.heirloom.core.MaskPoint
import org.heirloom.core.PaintedMask

/** The brush's, or the eraser's, sizes: its diameter as a share of the photo's longer side. */
enum class BrushSize(
    val share: Float,
) {
    SMALL(0.01f),
    MEDIUM(0.025f),
    LARGE(0.06f),
}

/** A photo's damage, as it is found and painted, with a picture of it. Points are in the photo's pixels. */
class Painting(
    val mask: PaintedMask,
    photoWidth: Int,
    photoHeight: Int,
) {
    private val step = Preview.stepFor(photoWidth, photoHeight)
    private val shown = MaskPreview(mask.damage, step)
    private val longer = maxOf(mask.damage.mask.width, mask.damage.mask.height)
    private var last = MaskPoint(0, 0)
    private var radius = 0

    /** The damage as an alpha mask of the preview's size. */
    val overlay: Preview =
        Preview.covering(photoWidth, photoHeight) { width, height ->
            Bitmap.createBitmap(width, height, Bitmap.Config.ALPHA_8)
        }

    init {
        showAll()
    }

    /** Begins a stroke. */
    fun begin(
        x: Float,
        y: Float,
        size: BrushSize,
        erases: Boolean,
    ) {
        last = pointAt(x, y)
        radius = (size.share * longer / 2).toInt().coerceIn(1, MAX_RADIUS)
        mask.begin(last, radius, erases)
        show(last, last)
    }

    /** Continues the stroke. */
    fun extend(
        x: Float,
        y: Float,
    ) {
        val point = pointAt(x, y)
        if (point == last) return
        mask.extend(point)
        show(last, point)
        last = point
    }

    /** Takes the last stroke back. */
    fun undo() {
        mask.undo()
        showAll()
    }

    private fun pointAt(
        x: Float,
        y: Float,
    ) = MaskPoint(coordinate(x), coordinate(y))

    private fun coordinate(value: Float) =
        value.toInt().floorDiv(mask.damage.factor).coerceIn(-MAX_COORDINATE, MAX_COORDINATE)

    private fun showAll() = show(0..overlay.bitmap.height - 1, 0..overlay.bitmap.width - 1)

    /** Shows what a segment has changed. */
    private fun show(
        start: MaskPoint,
        end: MaskPoint,
    ) {
        val (top, bottom) = minOf(start.y, end.y) - radius to maxOf(start.y, end.y) + radius
        val (left, right) = minOf(start.x, end.x) - radius to maxOf(start.x, end.x) + radius
        show(
            shown.pixels(top, bottom, overlay.bitmap.height),
            shown.pixels(left, right, overlay.bitmap.width),
        )
    }

    private fun show(
        rows: IntRange,
        columns: IntRange,
    ) {
        if (columns.isEmpty()) return
        val count = columns.last - columns.first + 1
        val line = IntArray(count)
        for (row in rows) {
            shown.read(row, columns.first, columns.last + 1, Color.BLACK, line)
            overlay.bitmap.setPixels(line, 0, count, columns.first, row, count, 1)
        }
    }
}
