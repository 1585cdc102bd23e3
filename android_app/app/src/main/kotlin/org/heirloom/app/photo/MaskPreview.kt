package org.heirloom.app.photo

import org.heirloom.core.Damage

/**
 * A photo's [damage] on its preview, of which a pixel shows [step] x [step] of the photo: it is marked if any
 * of those is, so that no thin crack is lost.
 */
class MaskPreview(
    private val damage: Damage,
    private val step: Int,
) {
    /** Writes, for the preview's pixels of [row] from [left] until [right], [colour] or 0 to [into]. */
    fun read(
        row: Int,
        left: Int,
        right: Int,
        colour: Int,
        into: IntArray,
    ) {
        val rows = squares(row, damage.mask.height)
        for (column in left until right) {
            val columns = squares(column, damage.mask.width)
            into[column - left] = if (isMarked(rows, columns)) colour else 0
        }
    }

    /** The preview's pixels that show the mask's rows or columns [from]..[to], of [size] there are. */
    fun pixels(
        from: Int,
        to: Int,
        size: Int,
    ): IntRange {
        val first = maxOf(0, from) * damage.factor / step
        val last = (maxOf(0, to + 1) * damage.factor - 1) / step
        return first..minOf(size - 1, last)
    }

    private fun squares(
        pixel: Int,
        size: Int,
    ) = pixel * step / damage.factor..minOf(size - 1, ((pixel + 1) * step - 1) / damage.factor)

    private fun isMarked(
        rows: IntRange,
        columns: IntRange,
    ) = rows.any { row -> columns.any { damage.mask.values[row * damage.mask.width + it] } }
}
