package org.heirloom.core

/** The part of [whole] in [box], read and overwritten in place. */
class Inside(
    private val whole: Pixels,
    val box: Box,
) : Pixels {
    override val height get() = box.rows
    override val width get() = box.columns
    override val colours get() = whole.colours
    override val top get() = whole.top
    override val bytes get() = whole.bytes

    override fun read(
        row: Int,
        left: Int,
        count: Int,
        into: IntArray,
        at: Int,
    ) = whole.read(box.top + row, box.left + left, count, into, at)

    override fun write(
        row: Int,
        left: Int,
        count: Int,
        from: IntArray,
        at: Int,
    ) = whole.write(box.top + row, box.left + left, count, from, at)

    /** The [options] with what was marked in the whole photo moved to this part. */
    fun marked(options: Options): Options {
        val painted = (options.scratches as? Scratches.Painted)?.damage
        val boxes = (options.faces as? Faces.Boxes)?.boxes
        return options.copy(
            scratches = if (painted == null) options.scratches else Scratches.Painted(cut(painted)),
            faces =
                if (boxes == null) {
                    options.faces
                } else {
                    Faces.Boxes(boxes.map { it.copy(left = it.left - box.left, top = it.top - box.top) })
                },
        )
    }

    /** The part of a mask of the whole photo: a square is as the one in which its middle lies. */
    private fun cut(damage: Damage): Damage {
        val factor = damage.factor
        if (factor == 1) return Damage(damage.mask.cut(box), 1)
        val mask = Mask(ceilDiv(height, factor), ceilDiv(width, factor))
        val half = (factor - 1) / 2
        val across = IntArray(mask.width) { minOf(box.left + it * factor + half, box.right - 1) / factor }
        for (row in 0 until mask.height) {
            val from = minOf(box.top + row * factor + half, box.bottom - 1) / factor * damage.mask.width
            for (column in across.indices) {
                mask.values[row * mask.width + column] = damage.mask.values[from + across[column]]
            }
        }
        return Damage(mask, factor)
    }

    /** The damage of this part in the whole photo: a square is as the one in which its middle lies. */
    fun placed(damage: Damage): Damage {
        val factor = damage.factor
        val mask = Mask(ceilDiv(whole.height, factor), ceilDiv(whole.width, factor))
        for (row in box.top / factor until ceilDiv(box.bottom, factor)) {
            val y = (factor * row + factor / 2).coerceIn(box.top, box.bottom - 1) - box.top
            for (column in box.left / factor until ceilDiv(box.right, factor)) {
                val x = (factor * column + factor / 2).coerceIn(box.left, box.right - 1) - box.left
                val from = y / factor * damage.mask.width + x / factor
                mask.values[row * mask.width + column] = damage.mask.values[from]
            }
        }
        return Damage(mask, factor)
    }

    /** The record of a face, in the whole photo's pixels. */
    fun placed(face: FaceRecord) = face.copy(left = face.left + box.left, top = face.top + box.top)
}
