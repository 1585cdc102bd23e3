package org.heirloom.core

/**
 * The bundle's manifest: what the networks are, how to feed them, and what was measured.
 *
 * Units: a *cell* is `stride` pixels square; a tensor's real value is `scale * (stored - zeroPoint)`.
 */
data class Manifest(
    val name: String,
    val version: String,
    /** By name, in the order of the names. */
    val parts: Map<String, Part>,
    /** By path inside the bundle. */
    val files: Map<String, BundleFile>,
    val provenance: Provenance,
    /** The scratch detector sees the photo shrunk by a whole factor until its long side fits this. */
    val workingSide: Int,
    /** Probability from which a pixel counts as damaged, between 0 and 1. */
    val scratchThreshold: Double,
    /** Score from which a find counts as a face, between 0 and 1. */
    val finderThreshold: Double,
    /** End-to-end figures on the evaluation photos, by name. */
    val figures: Map<String, Double>,
)

/** A step of the pipeline. */
data class Part(
    /** Pixels along a cell's side. */
    val stride: Int,
    /** Receptive-field radius in cells. */
    val halo: Int,
    val macsPerCell: Long,
    val parameters: Long,
    val artifacts: List<Artifact>,
)

/** One part in one format and precision. */
data class Artifact(
    /** `litert`, `onnx` or `coreml`. */
    val format: String,
    /** `int8`, `float32`, ... */
    val precision: String,
    val inputs: List<Tensor>,
    val outputs: List<Tensor>,
    val tiles: List<Tile>,
    val golden: List<Golden>,
    val gate: Gate,
)

/** How a tensor stores its values: [least]..[most] for integers. */
enum class DataType(
    val bytes: Int,
    val least: Int,
    val most: Int,
) {
    FLOAT32(4, 0, 0),
    INT8(1, -128, 127),
    UINT8(1, 0, 255),
}

/** An input or output: rows, columns, channels of the tile, or [shape] if that is given. */
data class Tensor(
    val role: String,
    val name: String,
    val channels: Int,
    val dtype: DataType,
    /** 1.0 for a float tensor. */
    val scale: Double,
    val zeroPoint: Int,
    /** For tensors that do not follow the tile: the context, the thumbnail, the curves. */
    val shape: List<Int>?,
) {
    /** Number of values in the network for [tile]. */
    fun size(tile: Tile): Int =
        shape?.fold(1) { product, side -> product * side } ?: (tile.rows * tile.columns * channels)
}

/** A network for one fixed tile, halo included, in cells. */
data class Tile(
    val rows: Int,
    val columns: Int,
    val file: String,
    /** The signature of a LiteRT file; null: its only one. */
    val function: String?,
)

/** Inputs and expected outputs of one tile: raw little-endian tensors, in the artefact's order. */
data class Golden(
    /** Index into the artefact's tiles. */
    val tile: Int,
    val inputs: List<String>,
    val outputs: List<String>,
    /** Largest difference allowed, in stored units. */
    val tolerance: Double,
)

/** What the artefact was proven with, against the full-precision model. */
data class Gate(
    /** dB, on the part's output. */
    val outputPsnr: Double,
    /** dB, on output minus input of the chain that ends here; only for the decoder. */
    val residualPsnr: Double?,
    val worstTilePsnr: Double,
    val tiles: Long,
    val data: String,
)

/** What a file must be. */
data class BundleFile(
    val sha256: String,
    val bytes: Long,
)

/** Where the weights come from. */
data class Provenance(
    val recipe: String,
    val data: String,
    val licence: String,
    val tools: Map<String, String>,
)
