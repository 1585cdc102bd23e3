package org.heirloom.core

import kotlin.math.abs
import kotlin.math.hypot
import kotlin.math.sqrt

/*
 * Face geometry: five points, the similarity that maps them to the published template, and the width.
 *
 * Points are x and y in pixels of the left eye (as seen by the viewer), right eye, nose, left and right
 * corner of the mouth: 10 numbers. A pixel's centre has whole coordinates.
 */

/** Side of an aligned face, in pixels. */
const val FACE_SIDE = 256

/** Positions of the five points in an aligned face, as published. */
internal val TEMPLATE = doubleArrayOf(89.0, 108.5, 167.0, 108.5, 128.0, 147.5, 104.6, 195.86, 151.4, 195.86)

/**
 * Ratio of a face's width to the spread of its points (standard deviation of their distances). The points
 * of a turned head lie closer together, but the distance of its eyes alone would underestimate it far more.
 */
private const val WIDTHS = 3.65

/** A rotation, scale and shift: maps x, y to `a x + b y + c`, `d x + e y + f`. */
class Similarity(
    val a: Double,
    val b: Double,
    val c: Double,
    val d: Double,
    val e: Double,
    val f: Double,
) {
    fun x(
        x: Double,
        y: Double,
    ) = x * a + y * b + c

    fun y(
        x: Double,
        y: Double,
    ) = x * d + y * e + f

    /** The [points] mapped by this. */
    fun moved(points: DoubleArray): DoubleArray {
        val moved = DoubleArray(points.size)
        for (i in points.indices step 2) {
            moved[i] = x(points[i], points[i + 1])
            moved[i + 1] = y(points[i], points[i + 1])
        }
        return moved
    }

    /** The factor by which lengths grow. */
    val scale get() = hypot(a, d)

    /** The inverse map, by elimination with the larger pivot, as libraries do it. */
    fun inverse(): Similarity =
        if (abs(a) >= abs(d)) {
            val lower = d / a
            val corner = e - lower * b
            val q = -lower / corner
            val s = 1 / corner
            inverse((1 - b * q) / a, -b * s / a, q, s)
        } else {
            val lower = a / d
            val corner = b - lower * e
            val q = 1 / corner
            val s = -lower / corner
            inverse(-e * q / d, (1 - e * s) / d, q, s)
        }

    private fun inverse(
        p: Double,
        r: Double,
        q: Double,
        s: Double,
    ) = Similarity(p, r, -p * c + -r * f, q, s, -q * c + -s * f)

    companion object {
        /**
         * The similarity that maps [source] closest to [target], in least squares (Umeyama 1991).
         * Throws IllegalArgumentException if the source's points all coincide.
         */
        fun between(
            source: DoubleArray,
            target: DoubleArray,
        ): Similarity {
            val (px, py) = mean(source)
            val (qx, qy) = mean(target)
            var square = 0.0
            var real = 0.0
            var imaginary = 0.0
            for (i in source.indices step 2) {
                val x = source[i] - px
                val y = source[i + 1] - py
                val u = target[i] - qx
                val v = target[i + 1] - qy
                square += x * x + y * y
                real += x * u + y * v
                imaginary += x * v - y * u
            }
            require(square > 0) { "the points of a face coincide" }
            val cos = real / square
            val sin = imaginary / square
            return Similarity(cos, -sin, qx - (cos * px - sin * py), sin, cos, qy - (cos * py + sin * px))
        }
    }
}

/** Mean of points: x and y. */
internal fun mean(points: DoubleArray): DoubleArray {
    val mean = DoubleArray(2)
    for (i in points.indices) mean[i % 2] += points[i]
    for (i in 0..1) mean[i] /= (points.size / 2).toDouble()
    return mean
}

/** Approximate width of a face in pixels, independent of its rotation. */
fun faceWidth(points: DoubleArray): Double {
    val (x, y) = mean(points)
    var sum = 0.0
    for (i in points.indices step 2) {
        sum += (points[i] - x) * (points[i] - x) + (points[i + 1] - y) * (points[i + 1] - y)
    }
    return WIDTHS * sqrt(sum / (points.size / 2))
}
