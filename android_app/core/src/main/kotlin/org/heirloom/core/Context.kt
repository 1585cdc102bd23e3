package org.heirloom.core

/**
 * The context: tokens pooled from the undamaged latent of the whole photo, the same for every tile.
 *
 * Mean of the intact cells of [latent] in each square of a [grid] x [grid] raster over [area], as [spec]
 * stores it: grid * grid tokens. Squares overlap by a cell where a side is not a multiple of the grid. A
 * square without intact cells gets the mean of all, so that no token has to be masked out.
 */
fun pool(
    latent: Plane,
    area: Box,
    intact: BooleanArray,
    grid: Int,
    spec: Tensor,
): Stored {
    val channels = spec.channels
    val tokens = DoubleArray(grid * grid * channels)
    val counts = IntArray(grid * grid)
    val all = DoubleArray(channels)
    // Sums of integers are exact in doubles.
    val line = DoubleArray(area.columns * channels)
    for (i in 0 until grid) {
        for (row in i * area.rows / grid until ceilDiv((i + 1) * area.rows, grid)) {
            val read = latent.read(Box(area.top + row, area.left, area.top + row + 1, area.right))
            for (i in line.indices) line[i] = number(read, i, spec)
            for (j in 0 until grid) {
                val token = i * grid + j
                for (column in j * area.columns / grid until ceilDiv((j + 1) * area.columns, grid)) {
                    if (!intact[row * area.columns + column]) continue
                    counts[token]++
                    add(line, column * channels, tokens, token * channels, channels)
                }
            }
            // Each row once, though squares overlap.
            if (row < (i + 1) * area.rows / grid) {
                for (column in 0 until area.columns) {
                    if (intact[row * area.columns + column]) add(line, column * channels, all, 0, channels)
                }
            }
        }
    }
    val count = intact.count { it }
    for (at in tokens.indices) {
        tokens[at] =
            when {
                counts[at / channels] > 0 -> tokens[at] / counts[at / channels]
                count > 0 -> all[at % channels] / count
                else -> spec.zeroPoint.toDouble()
            }
    }
    return rounded(tokens, spec)
}

private fun add(
    from: DoubleArray,
    start: Int,
    to: DoubleArray,
    at: Int,
    count: Int,
) {
    for (i in 0 until count) to[at + i] += from[start + i]
}

private fun rounded(
    tokens: DoubleArray,
    spec: Tensor,
): Stored {
    if (spec.dtype == DataType.FLOAT32) return FloatValues(FloatArray(tokens.size) { tokens[it].toFloat() })
    return Int8Values(
        ByteArray(tokens.size) {
            Math
                .rint(tokens[it])
                .toInt()
                .coerceIn(spec.dtype.min, spec.dtype.max)
                .toByte()
        },
    )
}
