package org.heirloom.core

/*
 * Conversion of pixels to cells and back (space-to-depth) while a tile is cut and stitched. A cell is a
 * square of stride x stride pixels, its channels ordered row, column, colour.
 */

/**
 * Reads windows of a photo as networks see it: 8 bits, three colours, mirrored beyond the borders; with
 * [own], only these pixels are read, and the outermost of them repeated.
 */
class Window(
    private val pixels: Picture,
    private val left: Int,
    right: Int,
    own: Box? = null,
) {
    private val rows = own?.let { it.top until minOf(it.bottom, pixels.height) }
    private val columns = own?.let { it.left until minOf(it.right, pixels.width) }
    private val across = seen(left, right, columns, pixels.width)
    private val first = across.min()
    private val count = across.max() - first + 1
    private val samples = IntArray(count * pixels.colours)

    /** The levels of a [row], which may lie beyond the border, to [into]: 3 for each column. */
    fun read(
        row: Int,
        into: IntArray,
    ) {
        pixels.read(seen(row, row + 1, rows, pixels.height)[0], first, count, samples, 0)
        if (pixels.top == 65535) for (i in samples.indices) samples[i] = (samples[i] + 128) / 257
        val colours = pixels.colours
        var to = 0
        for (column in across) {
            val from = (column - first) * colours
            into[to++] = samples[from]
            into[to++] = samples[from + (if (colours == 3) 1 else 0)]
            into[to++] = samples[from + (if (colours == 3) 2 else 0)]
        }
    }

    private fun seen(
        start: Int,
        stop: Int,
        only: IntRange?,
        length: Int,
    ): IntArray =
        if (only == null) {
            mirrored(start, stop, length)
        } else {
            IntArray(stop - start) { (start + it).coerceIn(only) }
        }
}

/**
 * A window of a photo in cells, each level looked up in [levels] (256 values): rows, columns
 * and stride * stride * 3 channels of [box], which counts in cells and may lie beyond the borders. With
 * [own], only these cells are read, and their outermost pixels repeated.
 */
fun cells(
    pixels: Picture,
    box: Box,
    stride: Int,
    levels: Stored,
    own: Box? = null,
): Stored {
    val seen = box.scaled(stride)
    val window = Window(pixels, seen.left, seen.right, own?.scaled(stride))
    val line = IntArray(seen.columns * 3)
    val run = stride * 3
    return when (levels) {
        is Int8Values -> {
            val cells = ByteArray(seen.rows * line.size)
            eachRun(box, stride, { window.read(it, line) }) { from, to ->
                for (i in 0 until run) cells[to + i] = levels.values[line[from + i]]
            }
            Int8Values(cells)
        }

        is FloatValues -> {
            val cells = FloatArray(seen.rows * line.size)
            eachRun(box, stride, { window.read(it, line) }) { from, to ->
                for (i in 0 until run) cells[to + i] = levels.values[line[from + i]]
            }
            FloatValues(cells)
        }
    }
}

/**
 * Calls [read] for each row of pixels, then [each] for every cell in it, with the index in the row at which
 * the cell's pixels start, and their index among the cells.
 */
private inline fun eachRun(
    box: Box,
    stride: Int,
    read: (Int) -> Unit,
    each: (Int, Int) -> Unit,
) {
    val run = stride * 3
    for (y in 0 until box.rows * stride) {
        read(box.top * stride + y)
        val start = (y / stride * box.columns * stride + y % stride) * run
        for (column in 0 until box.columns) each(column * run, start + column * run * stride)
    }
}

/**
 * Mean of each [factor] x [factor] block of [box], rounded, in 8 bits and three colours.
 *
 * Blocks at the right and lower border may be partial. Integer arithmetic only, so that every platform gets
 * the same levels.
 */
fun shrink(
    pixels: Picture,
    factor: Int,
    box: Box = Box(0, 0, pixels.height, pixels.width),
): ArrayPixels {
    val rows = ceilDiv(box.rows, factor)
    val columns = ceilDiv(box.columns, factor)
    val small = ArrayPixels(rows, columns, 3)
    val colours = pixels.colours
    val depth = if (pixels.top == 65535) 257L else 1L
    val line = IntArray(box.columns * colours)
    val sums = LongArray(columns * colours)
    val levels = IntArray(columns * 3)
    for (row in 0 until rows) {
        sums.fill(0)
        val high = minOf(factor, box.rows - row * factor)
        for (y in 0 until high) {
            pixels.read(box.top + row * factor + y, box.left, box.columns, line, 0)
            addBlocks(line, factor * colours, colours, sums)
        }
        for (column in 0 until columns) {
            val count = high * minOf(factor, box.columns - column * factor) * depth
            for (colour in 0 until 3) {
                val sum = sums[column * colours + if (colours == 3) colour else 0]
                levels[column * 3 + colour] = ((sum + count / 2) / count).toInt()
            }
        }
        small.write(row, 0, columns, levels, 0)
    }
    return small
}

private fun addBlocks(
    line: IntArray,
    block: Int,
    colours: Int,
    sums: LongArray,
) {
    var to = 0
    for (start in line.indices step block) {
        val end = minOf(line.size, start + block)
        for (colour in 0 until colours) {
            var sum = 0L
            for (i in start + colour until end step colours) sum += line[i]
            sums[to++] += sum
        }
    }
}
