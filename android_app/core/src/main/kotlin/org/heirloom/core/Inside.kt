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

    /** The part of a mask of the whole photo. */
    private fun cut(damage: Damage): Damage {
        if (damage.factor == 1) return Damage(damage.mask.cut(box), 1)
        val mask = Mask(height, width)
        val line = BooleanArray(whole.width)
        for (row in 0 until height) {
            damage.row(box.top + row, line)
            System.arraycopy(line, box.left, mask.values, row * width, width)
        }
        return Damage(mask, 1)
    }

    /** The record of a face, in the whole photo's pixels. */
    fun placed(face: FaceRecord) = face.copy(left = face.left + box.left, top = face.top + box.top)
}
