package org.heirloom.core

import java.math.BigDecimal
import java.math.RoundingMode

/** Maximum root mean square of a trusted change, in 0..1: beyond, the network draws a different face. */
private const val MAX_CHANGE = 0.12

/**
 * The change to add to an aligned face, given as it was [before] and after it was [restored]: [FACE_SIDE]
 * squared, three colours, in steps of a 64th of a level.
 */
fun refined(
    part: LoadedPart,
    before: ArrayPixels,
    restored: ArrayPixels,
): ShortArray {
    val stride = part.stride
    val size = part.sizes[0]
    val whole = Box(0, 0, size.rows, size.columns)
    val levels = photoLevels(part.artifact.inputs[0])
    val channels = stride * stride * 3
    val pair = empty(whole.rows * whole.columns * 2 * channels, part.artifact.inputs[0])
    for ((i, face) in listOf(before, restored).withIndex()) {
        val cells = cells(face, whole, stride, levels)
        for (cell in 0 until whole.rows * whole.columns) {
            copy(cells, cell * channels, pair, (2 * cell + i) * channels, channels)
        }
    }
    val residual = real(part.run(Placement(whole, 0), listOf(pair)), part.output)
    val unit = (255 * CHANGE_STEP).toFloat()
    val steps = ShortArray(before.values.size)
    val run = stride * 3
    for (at in steps.indices) {
        val x = at % (FACE_SIDE * 3)
        val y = at / (FACE_SIDE * 3)
        val cell = y / stride * whole.columns + x / run
        val delta = residual[(cell * stride + y % stride) * run + x % run]
        // The network's residual applies to the face as it was; the photo holds the restored one.
        val wanted = ((before.values[at].toInt() and 255) + 255 * delta).coerceIn(0f, 255f)
        val change = wanted - (restored.values[at].toInt() and 255)
        steps[at] = Math.rint((change / unit).toDouble()).toInt().toShort()
    }
    return steps
}

/** The record of a face, with the decision whether its [change] is applied. */
fun judged(
    face: Face,
    change: ShortArray,
): FaceRecord {
    val step = CHANGE_STEP.toFloat()
    val squares = FloatArray(FEATHER.size)
    for (i in squares.indices) {
        val r = change[i * 3] * step
        val g = change[i * 3 + 1] * step
        val b = change[i * 3 + 2] * step
        squares[i] = (r * r + g * g + b * b) / 3 * FEATHER[i]
    }
    val mean = sum(squares) / sum(FEATHER)
    val amount = Math.sqrt(mean.toDouble()).toFloat().toDouble()
    val box = face.box()
    return FaceRecord(
        left = box.left.toInt(),
        top = box.top.toInt(),
        width = box.width.toInt(),
        height = box.height.toInt(),
        score = rounded(face.score, 3),
        change = rounded(amount, 4),
        refined = amount <= MAX_CHANGE,
    )
}

private fun rounded(
    value: Double,
    digits: Int,
) = BigDecimal(value).setScale(digits, RoundingMode.HALF_EVEN).toDouble()
