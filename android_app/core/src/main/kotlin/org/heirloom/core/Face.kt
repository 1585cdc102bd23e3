package org.heirloom.core

import kotlin.math.hypot

/** Minimum width in pixels: smaller faces hold too little detail to refine. */
internal const val MIN_FACE_WIDTH = 48.0

/** Maximum number of refined faces, the largest first: each takes 0.6 MB until all are put back. */
internal const val MAX_FACES = 64

/** Middle and radii of the ellipse that an aligned face fills, in pixels. */
private const val MIDDLE_X = 128.0
private const val MIDDLE_Y = 138.0
private const val RADIUS_X = 88.0
private const val RADIUS_Y = 100.0

/**
 * Shares of the radii between which the weight of the change falls from 1 to 0: just inside the aligned
 * square.
 */
private const val SOLID = 0.75
private const val FADED = 1.17

/** A face in a photo: its five points (10 numbers, x and y) and its score, 0..1. */
class Face(
    val points: DoubleArray,
    val score: Double,
) {
    /** Width in pixels. */
    val width = faceWidth(points)

    /** Mean of the points: x and y. */
    val middle = mean(points)

    /** Maps the photo's pixels to the aligned face's. */
    val alignment by lazy(LazyThreadSafetyMode.NONE) { Similarity.between(points, TEMPLATE) }

    /** The upright bounding box, in whole pixels. */
    fun box(): FaceBox {
        val back = alignment.inverse()
        val wide = 2 * RADIUS_X * back.scale
        val high = 2 * RADIUS_Y * back.scale
        val left = Math.rint(back.x(MIDDLE_X, MIDDLE_Y) - wide / 2)
        val top = Math.rint(back.y(MIDDLE_X, MIDDLE_Y) - high / 2)
        return FaceBox(left, top, Math.rint(wide), Math.rint(high))
    }

    companion object {
        /** An upright face that fills [box], with the points of an average face. */
        fun inBox(box: FaceBox): Face {
            val scale = (box.width / RADIUS_X + box.height / RADIUS_Y) / 4
            val x = box.left + box.width / 2
            val y = box.top + box.height / 2
            val points = TEMPLATE.copyOf()
            for (i in points.indices step 2) {
                points[i] = (points[i] - MIDDLE_X) * scale + x
                points[i + 1] = (points[i + 1] - MIDDLE_Y) * scale + y
            }
            return Face(points, 1.0)
        }
    }
}

/** Weight of the change at each pixel of an aligned face: [FACE_SIDE] squared, in 0..1. */
val FEATHER: FloatArray =
    FloatArray(FACE_SIDE * FACE_SIDE) {
        val x = (it % FACE_SIDE - MIDDLE_X) / RADIUS_X
        val y = (it / FACE_SIDE - MIDDLE_Y) / RADIUS_Y
        val t = ((FADED - hypot(x, y)) / (FADED - SOLID)).coerceIn(0.0, 1.0)
        (t * t * (3 - 2 * t)).toFloat()
    }
