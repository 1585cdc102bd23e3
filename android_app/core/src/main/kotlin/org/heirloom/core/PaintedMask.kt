package org.heirloom.core

/**
 * A photo's damage mask with a person's strokes over it. Strokes are in the mask's own columns and rows, of
 * which one covers `damage.factor` x `damage.factor` pixels. Used by one thread at a time.
 */
class PaintedMask private constructor(
    /** The mask with all strokes, which are drawn in place. */
    val damage: Damage,
) {
    private class Line(
        val points: ArrayList<MaskPoint>,
        val radius: Int,
        val erases: Boolean,
    )

    private val found = damage.mask.values.copyOf()
    private val lines = ArrayList<Line>()

    /** Whether there is a stroke to take back. */
    val canUndo get() = lines.isNotEmpty()

    /** Draws a stroke's first point. Throws IllegalArgumentException as [Stroke]. */
    fun begin(
        point: MaskPoint,
        radius: Int,
        erases: Boolean,
    ) {
        damage.mask.draw(Stroke(listOf(point), radius, erases))
        lines.add(Line(arrayListOf(point), radius, erases))
    }

    /** Draws the stroke that was begun last on to [point]. */
    fun extend(point: MaskPoint) {
        val line = lines.last()
        damage.mask.draw(Stroke(listOf(line.points.last(), point), line.radius, line.erases))
        line.points.add(point)
    }

    /** Takes the last stroke back. */
    fun undo() {
        lines.removeAt(lines.size - 1)
        found.copyInto(damage.mask.values)
        for (line in lines) damage.mask.draw(Stroke(line.points, line.radius, line.erases))
    }

    companion object {
        /** The mask of a photo in which [found] is damaged, by [rule]; null: nothing. */
        fun of(
            photoHeight: Int,
            photoWidth: Int,
            rule: Detection,
            found: Damage?,
        ): PaintedMask {
            val factor = ceilDiv(maxOf(photoHeight, photoWidth), rule.largestSide)
            val empty = { Damage(Mask(ceilDiv(photoHeight, factor), ceilDiv(photoWidth, factor)), factor) }
            return PaintedMask(found ?: empty())
        }
    }
}
