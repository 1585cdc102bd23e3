package org.heirloom.core

/** Reads a row of a plane: the value of each of its pixels. */
typealias Rows = (row: Int, into: IntArray) -> Unit

/** Connected regions as runs of pixels along their rows; neighbours also touch at corners. */
class Regions private constructor(
    private val width: Int,
    private val runs: Runs,
    /** The region of each run, numbered from 0. */
    private val label: IntArray,
    val count: Int,
) {
    /** The sum of a plane over each region. */
    fun sums(plane: Rows): LongArray {
        val sums = LongArray(count)
        each(plane) { region, value -> sums[region] += value.toLong() }
        return sums
    }

    /** The largest value of a plane, of 0 and more, in each region. */
    fun maxima(plane: Rows): IntArray {
        val maxima = IntArray(count)
        each(plane) { region, value -> maxima[region] = maxOf(maxima[region], value) }
        return maxima
    }

    /** Number of pixels of each region. */
    fun areas(): LongArray {
        val areas = LongArray(count)
        for (run in label.indices) areas[label[run]] += (runs.stop[run] - runs.start[run]).toLong()
        return areas
    }

    /** Sets the pixels of the [chosen] regions to [value]. */
    fun set(
        mask: Mask,
        value: Boolean,
        chosen: (Int) -> Boolean,
    ) {
        for (row in 0 until mask.height) {
            for (run in runs.first[row] until runs.first[row + 1]) {
                if (!chosen(label[run])) continue
                mask.values.fill(value, row * width + runs.start[run], row * width + runs.stop[run])
            }
        }
    }

    /** Visits all pixels of all regions; reads only rows that hold any. */
    private inline fun each(
        plane: Rows,
        use: (Int, Int) -> Unit,
    ) {
        val line = IntArray(width)
        for (row in 0 until runs.first.size - 1) {
            if (runs.first[row] == runs.first[row + 1]) continue
            plane(row, line)
            for (run in runs.first[row] until runs.first[row + 1]) {
                for (column in runs.start[run] until runs.stop[run]) use(label[run], line[column])
            }
        }
    }

    companion object {
        /** The connected regions of the pixels, by row-major index, for which [isSet] holds. */
        fun find(
            height: Int,
            width: Int,
            isSet: (Int) -> Boolean,
        ): Regions {
            val runs = Runs.find(height, width, isSet)
            val label = joined(runs)
            // A root is the first of its region's runs: what comes before a run has its number already.
            var count = 0
            for (run in label.indices) label[run] = if (label[run] == run) count++ else label[label[run]]
            return Regions(width, runs, label, count)
        }
    }
}

/** Runs of pixels, row by row: [first] has the index of each row's first run, and at last their number. */
private class Runs(
    val first: IntArray,
    val start: IntArray,
    val stop: IntArray,
) {
    companion object {
        fun find(
            height: Int,
            width: Int,
            isSet: (Int) -> Boolean,
        ): Runs {
            // They are counted first, so that arrays need not grow.
            val first = IntArray(height + 1)
            for (row in 0 until height) {
                first[row + 1] = first[row]
                each(row, width, isSet) { _, _ -> first[row + 1]++ }
            }
            val runs = Runs(first, IntArray(first[height]), IntArray(first[height]))
            var run = 0
            for (row in 0 until height) {
                each(row, width, isSet) { start, stop ->
                    runs.start[run] = start
                    runs.stop[run++] = stop
                }
            }
            return runs
        }

        private inline fun each(
            row: Int,
            width: Int,
            isSet: (Int) -> Boolean,
            use: (Int, Int) -> Unit,
        ) {
            var start = -1
            for (column in 0 until width) {
                val set = isSet(row * width + column)
                if (set && start < 0) start = column
                if (!set && start >= 0) {
                    use(start, column)
                    start = -1
                }
            }
            if (start >= 0) use(start, width)
        }
    }
}

/** Union-find parents of the runs: an earlier run of the region, or the run itself if it is the first. */
private fun joined(runs: Runs): IntArray {
    val root = IntArray(runs.start.size) { it }
    for (row in 1 until runs.first.size - 1) {
        var upper = runs.first[row - 1]
        var lower = runs.first[row]
        while (upper < runs.first[row] && lower < runs.first[row + 1]) {
            if (runs.start[upper] <= runs.stop[lower] && runs.start[lower] <= runs.stop[upper]) {
                join(root, upper, lower)
            }
            // The one that ends first touches nothing further.
            if (runs.stop[upper] < runs.stop[lower]) upper++ else lower++
        }
    }
    return root
}

private fun join(
    root: IntArray,
    one: Int,
    other: Int,
) {
    val first = find(root, one)
    val second = find(root, other)
    root[maxOf(first, second)] = minOf(first, second)
}

private fun find(
    root: IntArray,
    run: Int,
): Int {
    var at = run
    while (root[at] != at) {
        root[at] = root[root[at]]
        at = root[at]
    }
    return at
}
