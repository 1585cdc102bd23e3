package org.heirloom.core

/** Pixels of 8 bits in memory; [values] are rows, columns, colours. */
class ArrayPixels(
    override val height: Int,
    override val width: Int,
    override val colours: Int,
    val values: ByteArray = ByteArray(height * width * colours),
) : Pixels {
    override val top get() = 255
    override val bytes get() = values.size.toLong()

    init {
        requireShape(this, values.size)
    }

    override fun read(
        row: Int,
        left: Int,
        count: Int,
        into: IntArray,
        at: Int,
    ) {
        val start = (row * width + left) * colours
        for (i in 0 until count * colours) into[at + i] = values[start + i].toInt() and 255
    }

    override fun write(
        row: Int,
        left: Int,
        count: Int,
        from: IntArray,
        at: Int,
    ) {
        val start = (row * width + left) * colours
        for (i in 0 until count * colours) values[start + i] = from[at + i].toByte()
    }
}

/** Pixels of 16 bits in memory; [values] are rows, columns, colours. */
class DeepArrayPixels(
    override val height: Int,
    override val width: Int,
    override val colours: Int,
    val values: ShortArray = ShortArray(height * width * colours),
) : Pixels {
    override val top get() = 65535
    override val bytes get() = 2L * values.size

    init {
        requireShape(this, values.size)
    }

    override fun read(
        row: Int,
        left: Int,
        count: Int,
        into: IntArray,
        at: Int,
    ) {
        val start = (row * width + left) * colours
        for (i in 0 until count * colours) into[at + i] = values[start + i].toInt() and 65535
    }

    override fun write(
        row: Int,
        left: Int,
        count: Int,
        from: IntArray,
        at: Int,
    ) {
        val start = (row * width + left) * colours
        for (i in 0 until count * colours) values[start + i] = from[at + i].toShort()
    }
}

private fun requireShape(
    pixels: Pixels,
    size: Int,
) {
    val wanted = pixels.height * pixels.width * pixels.colours
    require(size == wanted && wanted > 0 && (pixels.colours == 1 || pixels.colours == 3)) {
        "${pixels.width}x${pixels.height} pixels of ${pixels.colours} colours in $size values"
    }
}
