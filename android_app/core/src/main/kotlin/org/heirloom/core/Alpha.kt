package org.heirloom.core

/**
 * Separates alpha: [samples] are pixels of [channels] (2: gray and alpha, 4: red, green, blue, alpha);
 * their colours go to [colours], their alpha to [alpha].
 */
fun splitAlpha(
    samples: IntArray,
    channels: Int,
    colours: IntArray,
    alpha: IntArray,
) {
    var from = 0
    var to = 0
    for (pixel in alpha.indices) {
        repeat(channels - 1) { colours[to++] = samples[from++] }
        alpha[pixel] = samples[from++]
    }
}

/** Interleaves colours and alpha into pixels of [channels]: the reverse of [splitAlpha]. */
fun joinAlpha(
    colours: IntArray,
    alpha: IntArray,
    channels: Int,
    samples: IntArray,
) {
    var from = 0
    var to = 0
    for (pixel in alpha.indices) {
        repeat(channels - 1) { samples[to++] = colours[from++] }
        samples[to++] = alpha[pixel]
    }
}
