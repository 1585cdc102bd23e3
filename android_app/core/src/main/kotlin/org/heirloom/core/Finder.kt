package org.heirloom.core

import kotlin.math.exp
import kotlin.math.hypot
import kotlin.math.sqrt

/** Pixels: the unit of the points that the network returns, relative to the middle of a cell. */
private const val POINT_UNIT = 4f

/** Minimum longer side, in pixels, of the halved photo. */
private const val SMALLEST_SIDE = 16

/**
 * Two detections are one face if their middles are nearer than this share of its width, and their widths
 * within this factor.
 */
private const val SAME_PLACE = 0.5
private const val SAME_SIZE = 2.0

/** Minimum scores of a detection, in the first look and in the second. */
private const val FIRST_LOOK = 0.2
private const val SECOND_LOOK = 0.05

/**
 * The score of one face from which a photo is taken to stand upright; if no face reaches it, it is looked at
 * in the other three directions.
 */
private const val UPRIGHT = 0.998

/** The score that one face of another direction must reach for that direction to count. */
private const val SURE = 0.99

/** Longest side in pixels of the photo that is looked at in other directions. */
private const val TURNED_SIDE = 512

/** Maximum number of detections that get a second look, the best scores first. */
private const val MAX_LOOKS = 200

/** Points are rounded to 1/64 pixel: the last bits of a float library must not decide a level. */
private const val POINT_GRID = 64.0

/** Width of a face in the second look, and the side of its window, in pixels. */
private const val AGAIN_WIDTH = 44.0
private const val AGAIN_SIDE = 128

/**
 * The faces of a photo that are at least [minWidth] pixels wide, the best score first.
 *
 * [small] is the photo shrunk by [factor], in 8 bits and colour. The finder runs over an image pyramid and
 * overlapping detections are merged. The network detects faces of about 20 to 56 pixels: a face of any size
 * has such a width at one of the halves, or at two. Each detection gets a second look, turned upright, and
 * its score is the geometric mean of both looks. Where no face is sure, the photo is also looked at lying on
 * either side and upside down, and the direction in which faces are surest counts.
 */
fun findFaces(
    part: LoadedPart,
    pixels: Pixels,
    small: ArrayPixels,
    factor: Int,
    threshold: Double,
    minWidth: Double,
): List<Face> {
    fun surplus(faces: List<Face>) = faces.fold(0.0) { sum, face -> sum + (face.score - threshold) }
    val upright = verified(part, pixels, firstLook(part, small, factor, 0), threshold, minWidth)
    if (upright.isNotEmpty() && upright[0].score >= UPRIGHT) return upright
    var picture = small
    var scale = factor
    while (maxOf(picture.height, picture.width) > TURNED_SIDE) {
        picture = shrink(picture, 2)
        scale *= 2
    }
    var best = upright
    for (turns in 1..3) {
        val finds = firstLook(part, picture, scale, turns)
        if (finds.none { highest(it) >= SURE }) continue
        val found = verified(part, pixels, finds, threshold, minWidth)
        if (found.isNotEmpty() && found[0].score >= SURE && surplus(found) > surplus(best)) best = found
    }
    return best
}

/**
 * The detections in a photo shrunk by [factor] and in its halves, in the photo's own pixels. The network is
 * shown each one turned by [turns] times 90 degrees counterclockwise.
 */
private fun firstLook(
    part: LoadedPart,
    small: ArrayPixels,
    factor: Int,
    turns: Int,
): List<Face> {
    val finds = ArrayList<Face>()
    var picture = small
    var scale = factor
    while (true) {
        for (face in finds(partMap(part, turned(picture, turns)), part.stride, FIRST_LOOK)) {
            val back = turnedBack(face.points, turns, picture.height, picture.width)
            // The middle of a block of pixels is not the middle of its first pixel.
            val points = DoubleArray(back.size) { (back[it] + 0.5) * scale - 0.5 }
            finds.add(Face(points, face.score))
        }
        if (maxOf(picture.height, picture.width) < 2 * SMALLEST_SIDE) return finds
        picture = shrink(picture, 2)
        scale *= 2
    }
}

/** The highest score of both looks together that a face has after the [first]. */
private fun highest(first: Face) = sqrt(first.score)

/** The detections that a second look confirms, as far as they are sure and wide enough. */
private fun verified(
    part: LoadedPart,
    pixels: Pixels,
    finds: List<Face>,
    threshold: Double,
    minWidth: Double,
): List<Face> {
    // The second look may find a face somewhat wider.
    val large = merged(finds).filter { it.width >= 0.8 * minWidth && highest(it) >= threshold }
    val scored =
        large.take(MAX_LOOKS).mapNotNull { first ->
            lookAgain(part, pixels, first)?.let { Face(it.points, sqrt(first.score * it.score)) }
        }
    return merged(scored.filter { it.score >= threshold && it.width >= minWidth })
}

/**
 * The second look at a face: upright, of a fixed width and in the photo's own resolution. Its points are
 * more precise, and fewer false detections pass twice. Null if no face is found there.
 */
fun lookAgain(
    part: LoadedPart,
    pixels: Pixels,
    face: Face,
): Face? {
    // So small that its points fall on one another, it can't be aligned.
    if (!(face.width > 0)) return null
    val centre = (AGAIN_SIDE - 1) / 2.0
    val mean = mean(TEMPLATE)
    val scale = AGAIN_WIDTH / faceWidth(TEMPLATE)
    val upright = DoubleArray(TEMPLATE.size) { (TEMPLATE[it] - mean[it % 2]) * scale + centre }
    val alignment = Similarity.between(face.points, upright)
    val map = partMap(part, square(pixels, alignment, AGAIN_SIDE))
    val near =
        finds(map, part.stride, SECOND_LOOK).filter {
            hypot(it.middle[0] - centre, it.middle[1] - centre) < SAME_PLACE * AGAIN_WIDTH
        }
    val best = merged(near).firstOrNull() ?: return null
    val again = Face(onGrid(alignment.inverse().moved(best.points)), best.score)
    // The points of a detection much smaller than a pixel coincide.
    return if (again.width > 0) again else null
}

/** The detections of single cells whose score reaches [threshold], in the picture's pixels. */
fun finds(
    map: PartMap,
    stride: Int,
    threshold: Double,
): List<Face> {
    val faces = ArrayList<Face>()
    for (cell in 0 until map.rows * map.columns) {
        val first = cell * map.channels
        val score = 1 / (1 + exp(-map.values[first].toDouble()).toFloat())
        if (score < threshold.toFloat()) continue
        val middle = doubleArrayOf(middle(cell % map.columns, stride), middle(cell / map.columns, stride))
        val points =
            DoubleArray(TEMPLATE.size) {
                (map.values[first + 1 + it] * POINT_UNIT).toDouble() + middle[it % 2]
            }
        val face = Face(points, score.toDouble())
        if (face.width > 0) faces.add(face)
    }
    return faces
}

private fun middle(
    cell: Int,
    stride: Int,
) = cell * stride + (stride - 1) / 2.0

/** Merges detections of the same face, points averaged by score. The best score first. */
fun merged(finds: List<Face>): List<Face> {
    var left = finds.sortedByDescending { it.score }
    val faces = ArrayList<Face>()
    while (left.isNotEmpty()) {
        val best = left[0]
        val (same, others) = left.partition { isSame(best, it) }
        val weight = same.sumOf { it.score }
        val points = DoubleArray(TEMPLATE.size) { at -> same.sumOf { it.points[at] * it.score } / weight }
        faces.add(Face(onGrid(points), best.score))
        left = others
    }
    return faces
}

private fun onGrid(points: DoubleArray) =
    DoubleArray(points.size) { Math.rint(points[it] * POINT_GRID) / POINT_GRID }

private fun isSame(
    best: Face,
    other: Face,
): Boolean {
    val away = hypot(best.middle[0] - other.middle[0], best.middle[1] - other.middle[1])
    val wide = maxOf(best.width, other.width)
    return away < SAME_PLACE * wide && wide < SAME_SIZE * minOf(best.width, other.width)
}
