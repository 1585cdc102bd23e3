package org.heirloom.core

/** Reports the share of a photo's work that is done, 0..1, to [progress]. */
internal class Meter(
    private val progress: (Float) -> Unit,
) {
    private var start = 0.0
    private var end = 0.0
    private var total = 1L
    private var done = 0L

    /** Begins a step of [total] multiply-accumulates, at whose end the share is [end]. */
    fun begin(
        total: Long,
        end: Double,
    ) {
        start = this.end
        this.end = end
        this.total = total
        done = 0
    }

    /** Counts and reports a network that ran; beyond the step's total the share stays. */
    fun add(cost: Long) {
        done = minOf(total, done + cost)
        progress((start + (end - start) * done / total).toFloat())
    }

    /** Reports that all is done. */
    fun finish() = progress(1f)
}
