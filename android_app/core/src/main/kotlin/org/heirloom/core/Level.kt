package org.heirloom.core

/** The weight of a fully known value. */
internal const val FULL = 128

/** A level of the fill's pyramid, [height] x [width]: values of 8 bits, and their weights. */
internal class Level(
    val height: Int,
    val width: Int,
    val colours: Int,
    store: LatentStore,
) : AutoCloseable {
    /** A row of a level, or one under construction. */
    class Line(
        width: Int,
        private val colours: Int,
    ) {
        val values = IntArray(width * colours)
        val weights = IntArray(width)

        fun clear() {
            values.fill(0)
            weights.fill(0)
        }

        /** Adds the weighted value at column [from] of another line, and its weight. */
        fun add(
            column: Int,
            other: Line,
            from: Int,
        ) {
            val weight = other.weights[from]
            weights[column] += weight
            for (colour in 0 until colours) {
                values[column * colours + colour] += weight * other.values[from * colours + colour]
            }
        }
    }

    /** Whether all written values are fully known. */
    var isWhole = true
        private set

    private val packed = ByteArray(width * (colours + 1))
    private val bytes = store.allocate(bytes(height, width, colours))

    fun read(
        row: Int,
        into: Line,
    ) {
        bytes.read(row.toLong() * packed.size, packed, 0, packed.size)
        for (i in into.values.indices) into.values[i] = packed[i].toInt() and 255
        for (i in into.weights.indices) into.weights[i] = packed[into.values.size + i].toInt() and 255
    }

    fun write(
        row: Int,
        from: Line,
    ) {
        for (i in from.values.indices) packed[i] = from.values[i].toByte()
        for (i in from.weights.indices) packed[from.values.size + i] = from.weights[i].toByte()
        if (from.weights.any { it < FULL }) isWhole = false
        bytes.write(row.toLong() * packed.size, packed, 0, packed.size)
    }

    override fun close() = bytes.close()

    companion object {
        /** An empty level for [height] x [width] values, halved. */
        fun halfOf(
            height: Int,
            width: Int,
            colours: Int,
            store: LatentStore,
        ) = Level(ceilDiv(height, 2), ceilDiv(width, 2), colours, store)

        /** Bytes of a level. */
        fun bytes(
            height: Int,
            width: Int,
            colours: Int,
        ) = height.toLong() * width * (colours + 1)
    }
}

/** Values of a [coarse] level at the places of the finer one. */
internal class Interpolation(
    private val coarse: Level,
) {
    private val near = Level.Line(coarse.width, coarse.colours)
    private val far = Level.Line(coarse.width, coarse.colours)

    /** Moves to a row of the finer level. */
    fun moveTo(row: Int) {
        coarse.read(row / 2, near)
        coarse.read(beside(row, coarse.height), far)
    }

    /**
     * Sixteen times the bilinear value. A fine pixel lies a quarter of a coarse one from its middle: weights
     * 3/4 and 1/4 along each axis.
     */
    fun value(
        column: Int,
        colour: Int,
    ): Int {
        val at = column / 2 * coarse.colours + colour
        val away = beside(column, coarse.width) * coarse.colours + colour
        return 9 * near.values[at] + 3 * (far.values[at] + near.values[away]) + far.values[away]
    }

    /** The other coarse neighbour of a fine place. */
    private fun beside(
        place: Int,
        length: Int,
    ) = (place / 2 + 2 * (place % 2) - 1).coerceIn(0, length - 1)
}
