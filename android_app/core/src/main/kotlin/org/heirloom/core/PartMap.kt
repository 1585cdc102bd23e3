package org.heirloom.core

/** A part's output for every cell of a picture: real [values] in rows, columns, channels. */
class PartMap(
    val rows: Int,
    val columns: Int,
    val channels: Int,
    val values: FloatArray,
)

/** Runs [part] over a [picture] and returns its real output for every cell. */
fun partMap(
    part: LoadedPart,
    picture: Picture,
): PartMap {
    val rows = ceilDiv(picture.height, part.stride)
    val columns = ceilDiv(picture.width, part.stride)
    val channels = part.output.channels
    val all = FloatArray(rows * columns * channels)
    eachTile(part, picture) { keep, values ->
        val count = keep.columns * channels
        for (row in 0 until keep.rows) {
            val to = ((keep.top + row) * columns + keep.left) * channels
            System.arraycopy(values, row * count, all, to, count)
        }
    }
    return PartMap(rows, columns, channels, all)
}

/** Runs [part] over a [picture] tile by tile; calls [use] with boxes of cells and their real output. */
internal inline fun eachTile(
    part: LoadedPart,
    picture: Picture,
    use: (Box, FloatArray) -> Unit,
) {
    val levels = photoLevels(part.artifact.inputs[0])
    val area = Box(0, 0, ceilDiv(picture.height, part.stride), ceilDiv(picture.width, part.stride))
    for ((placement, reads) in part.cover(area)) {
        val seen = cells(picture, reads, part.stride, levels)
        use(placement.keep, real(part.run(placement, listOf(seen)), part.output))
    }
}
