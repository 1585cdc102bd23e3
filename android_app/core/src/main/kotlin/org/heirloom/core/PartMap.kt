package org.heirloom.core

/** A part's say on every cell of a picture: rows, columns, channels of [values]. */
class PartMap(
    val rows: Int,
    val columns: Int,
    val channels: Int,
    val values: FloatArray,
)

/** What [part] says of every cell of a [picture], in real values. */
fun partMap(
    part: LoadedPart,
    picture: Pixels,
): PartMap {
    val levels = photoLevels(part.artifact.inputs[0])
    val area = Box(0, 0, ceilDiv(picture.height, part.stride), ceilDiv(picture.width, part.stride))
    val channels = part.output.channels
    val told = FloatArray(area.rows * area.columns * channels)
    for ((placement, reads) in part.cover(area)) {
        val keep = placement.keep
        val seen = cells(picture, reads, part.stride, levels)
        val result = real(part.run(placement, listOf(seen)), part.output)
        val count = keep.columns * channels
        for (row in 0 until keep.rows) {
            val to = ((keep.top + row) * area.columns + keep.left) * channels
            System.arraycopy(result, row * count, told, to, count)
        }
    }
    return PartMap(area.rows, area.columns, channels, told)
}
