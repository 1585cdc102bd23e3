package org.heirloom.core

/** A [picture] turned by [turns] times 90 degrees counterclockwise. */
internal fun turned(
    picture: ArrayPixels,
    turns: Int,
): ArrayPixels {
    if (turns == 0) return picture
    val (height, width) = picture.height to picture.width
    val turned = if (turns == 2) ArrayPixels(height, width, 3) else ArrayPixels(width, height, 3)
    for (row in 0 until turned.height) {
        for (column in 0 until turned.width) {
            val from =
                when (turns) {
                    1 -> column * width + width - 1 - row
                    2 -> (height - 1 - row) * width + width - 1 - column
                    else -> (height - 1 - column) * width + row
                }
            val to = row * turned.width + column
            for (colour in 0 until 3) turned.values[3 * to + colour] = picture.values[3 * from + colour]
        }
    }
    return turned
}

/** Points in a picture of [height] x [width], from those in it turned by [turns] times 90 degrees. */
internal fun turnedBack(
    points: DoubleArray,
    turns: Int,
    height: Int,
    width: Int,
): DoubleArray {
    val right = (width - 1).toDouble()
    val bottom = (height - 1).toDouble()
    val back = DoubleArray(points.size)
    for (i in points.indices step 2) {
        val (x, y) = points[i] to points[i + 1]
        val (column, row) =
            when (turns) {
                1 -> right - y to x
                2 -> right - x to bottom - y
                3 -> y to bottom - x
                else -> x to y
            }
        back[i] = column
        back[i + 1] = row
    }
    return back
}
