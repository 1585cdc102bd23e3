package org.heirloom.core

import java.nio.ByteBuffer
import java.nio.ByteOrder

/** A latent in stored units, addressed by the photo's cells: [area] and the channels of [spec]. */
class Plane(
    private val area: Box,
    private val spec: Tensor,
    store: LatentStore,
) : AutoCloseable {
    private val cellBytes = spec.channels * spec.dtype.bytes
    private val bytes = store.allocate(area.rows.toLong() * area.columns * cellBytes)

    /** The cells of [box]. Cells beyond the plane, read by overhanging tiles, affect no result. */
    fun read(box: Box): Stored {
        val across = mirrored(box.left - area.left, box.right - area.left, area.columns)
        val first = across.min()
        val straight = across.last() - across[0] == across.size - 1
        val line = ByteArray((across.max() - first + 1) * cellBytes)
        val cells = ByteArray(box.rows * box.columns * cellBytes)
        var to = 0
        for (row in mirrored(box.top - area.top, box.bottom - area.top, area.rows)) {
            bytes.read((row.toLong() * area.columns + first) * cellBytes, line, 0, line.size)
            if (straight) {
                System.arraycopy(line, 0, cells, to, line.size)
                to += line.size
                continue
            }
            for (column in across) {
                System.arraycopy(line, (column - first) * cellBytes, cells, to, cellBytes)
                to += cellBytes
            }
        }
        return if (spec.dtype == DataType.FLOAT32) FloatValues(floats(cells)) else Int8Values(cells)
    }

    /** Sets the cells of [keep]. */
    fun write(
        keep: Box,
        centre: Stored,
    ) {
        val cells =
            when (centre) {
                is Int8Values -> centre.values
                is FloatValues -> bytes(centre.values)
            }
        val count = keep.columns * cellBytes
        for (row in 0 until keep.rows) {
            val cell = (keep.top - area.top + row).toLong() * area.columns + keep.left - area.left
            bytes.write(cell * cellBytes, cells, row * count, count)
        }
    }

    override fun close() = bytes.close()
}

/** Little-endian floats. */
internal fun floats(bytes: ByteArray): FloatArray {
    val values = FloatArray(bytes.size / 4)
    ByteBuffer
        .wrap(bytes)
        .order(ByteOrder.LITTLE_ENDIAN)
        .asFloatBuffer()
        .get(values)
    return values
}

private fun bytes(values: FloatArray): ByteArray {
    val bytes = ByteArray(values.size * 4)
    ByteBuffer
        .wrap(bytes)
        .order(ByteOrder.LITTLE_ENDIAN)
        .asFloatBuffer()
        .put(values)
    return bytes
}
