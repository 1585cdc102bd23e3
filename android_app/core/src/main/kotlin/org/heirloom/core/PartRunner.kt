package org.heirloom.core

/** Runs a bundle's networks, for example with LiteRT. Used by one thread at a time. */
interface PartRunner : AutoCloseable {
    /**
     * Runs the network that [artifact] of [part] has for [tile].
     *
     * [inputs] are in the artifact's order and sizes (see [Tensor.size]) and are only read. Returns the
     * only output, which is the caller's from then on.
     *
     * Throws [RuntimeUnavailable], or [InvalidManifest] where the network's tensors are not as stated.
     */
    fun run(
        part: String,
        artifact: Artifact,
        tile: Tile,
        inputs: List<Stored>,
    ): Stored
}
