package org.heirloom.core

/** Largest radius of a stroke, in pixels. */
const val MAX_RADIUS = 2048

/** How far from the first pixel a stroke's points may lie, in pixels. */
const val MAX_COORDINATE = 1 shl 17

/** Pixels of a segment's longer side; longer ones are halved. Squares then fit 63 bits. */
private const val PIECE = 4096

/** A mask's column and row, which may lie beyond its borders. */
data class MaskPoint(
    val x: Int,
    val y: Int,
)

/**
 * The disc of [radius] pixels, drawn along straight lines through [points].
 *
 * Throws IllegalArgumentException for a radius beyond 0..[MAX_RADIUS], or points beyond [MAX_COORDINATE].
 */
class Stroke(
    val points: List<MaskPoint>,
    val radius: Int,
    val erases: Boolean = false,
) {
    init {
        require(radius in 0..MAX_RADIUS) { "A stroke's radius is $radius: give 0..$MAX_RADIUS pixels." }
        val near = -MAX_COORDINATE..MAX_COORDINATE
        require(points.all { it.x in near && it.y in near }) {
            "A stroke's points lie within $MAX_COORDINATE pixels of the first pixel."
        }
    }
}

/**
 * Sets, or clears, the pixels that [stroke] covers. Whole numbers alone decide which, so that every language
 * marks the same.
 */
fun Mask.draw(stroke: Stroke) {
    val (points, radius, value) = Triple(stroke.points, stroke.radius, !stroke.erases)
    points.singleOrNull()?.let { drawSegment(it, it, radius, value) }
    for ((start, end) in points.zipWithNext()) drawSegment(start, end, radius, value)
}

private fun Mask.drawSegment(
    start: MaskPoint,
    end: MaskPoint,
    radius: Int,
    value: Boolean,
) {
    if (maxOf(Math.abs(end.x - start.x), Math.abs(end.y - start.y)) > PIECE) {
        // Rounded down, below zero too.
        val middle = MaskPoint((start.x + end.x) shr 1, (start.y + end.y) shr 1)
        drawSegment(start, middle, radius, value)
        drawSegment(middle, end, radius, value)
        return
    }
    val alongX = (end.x - start.x).toLong()
    val alongY = (end.y - start.y).toLong()
    val length = alongX * alongX + alongY * alongY
    val reach = radius.toLong() * radius
    val columns = covered(start.x, end.x, radius, width)
    for (y in covered(start.y, end.y, radius, height)) {
        val downStart = (y - start.y).toLong()
        val downEnd = (y - end.y).toLong()
        for (x in columns) {
            val acrossStart = (x - start.x).toLong()
            val acrossEnd = (x - end.x).toLong()
            // Where a pixel lies along the segment and beside it, both times the segment's length.
            val place = acrossStart * alongX + downStart * alongY
            val beside = acrossStart * alongY - downStart * alongX
            val isCovered =
                acrossStart * acrossStart + downStart * downStart <= reach ||
                    acrossEnd * acrossEnd + downEnd * downEnd <= reach ||
                    place in 1 until length && beside * beside <= reach * length
            if (isCovered) values[y * width + x] = value
        }
    }
}

/** The rows, or columns, of 0 until [size] that a segment may cover. */
private fun covered(
    start: Int,
    end: Int,
    radius: Int,
    size: Int,
) = maxOf(0, minOf(start, end) - radius)..minOf(size - 1, maxOf(start, end) + radius)
