package org.heirloom.core

/** A real value as stored by an integer tensor of [spec]. */
internal fun stored(
    value: Double,
    spec: Tensor,
): Int {
    val level = Math.rint(value / spec.scale) + spec.zeroPoint
    return level.coerceIn(spec.dtype.min.toDouble(), spec.dtype.max.toDouble()).toInt()
}

/** Real values as stored by a tensor of [spec]. */
fun store(
    values: DoubleArray,
    spec: Tensor,
): Stored =
    when (spec.dtype) {
        DataType.FLOAT32 -> FloatValues(FloatArray(values.size) { values[it].toFloat() })
        else -> Int8Values(ByteArray(values.size) { stored(values[it], spec).toByte() })
    }

/** Stored values as real ones, equal to the reference's floats. */
fun real(
    values: Stored,
    spec: Tensor,
): FloatArray =
    when (values) {
        is FloatValues -> {
            values.values
        }

        is Int8Values -> {
            val lookup = realLevels(spec)
            FloatArray(values.size) { lookup[values.values[it].toInt() and 255] }
        }
    }

/** The real value of each of the 256 bytes of an integer tensor. */
internal fun realLevels(spec: Tensor): FloatArray {
    val scale = spec.scale.toFloat()
    return FloatArray(256) {
        (level(it.toByte(), spec) - spec.zeroPoint).toFloat() * scale
    }
}

/** The stored input value of each of a photo's 256 levels. */
internal fun photoLevels(spec: Tensor): Stored = store(DoubleArray(256) { it / 255.0 }, spec)

/** A tensor of zeros of [spec]'s type. */
internal fun empty(
    size: Int,
    spec: Tensor,
): Stored =
    when (spec.dtype) {
        DataType.FLOAT32 -> FloatValues(FloatArray(size))
        else -> Int8Values(ByteArray(size))
    }

/** Copies [count] values between tensors of the same type. */
internal fun copy(
    from: Stored,
    start: Int,
    to: Stored,
    at: Int,
    count: Int,
) {
    when (from) {
        is Int8Values -> System.arraycopy(from.values, start, (to as Int8Values).values, at, count)
        is FloatValues -> System.arraycopy(from.values, start, (to as FloatValues).values, at, count)
    }
}

/** A stored value as a number. */
internal fun number(
    values: Stored,
    at: Int,
    spec: Tensor,
): Double =
    when (values) {
        is FloatValues -> values.values[at].toDouble()
        is Int8Values -> level(values.values[at], spec).toDouble()
    }

/** The integer that a byte of an integer tensor stores. */
internal fun level(
    value: Byte,
    spec: Tensor,
) = if (spec.dtype == DataType.INT8) value.toInt() else value.toInt() and 255
