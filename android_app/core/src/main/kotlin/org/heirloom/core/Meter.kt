package org.heirloom.core

/** Reports the share of a photo's work that is done to [progress]; 0 until the total is known. */
internal class Meter(
    private val progress: (Float) -> Unit,
) {
    private var total = 0L
    private var done = 0L

    fun begin(total: Long) {
        this.total = total
    }

    fun add(cost: Long) {
        if (total > 0) done += cost
        progress(if (total > 0) (done.toDouble() / total).toFloat() else 0f)
    }
}
