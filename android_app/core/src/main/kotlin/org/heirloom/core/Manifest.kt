package org.heirloom.core

/**
 * The bundle's manifest: what the networks are, how to feed them, and what was measured.
 *
 * Units: a *cell* is `stride` pixels square; a tensor's real value is `scale * (stored - zeroPoint)`.
 */
data class Manifest(
    val name: String,
    val version: String,
    /** Parts by name, in the order of the names. */
    val parts: Map<String, Part>,
    /** Files by path inside the bundle. */
    val files: Map<String, BundleFile>,
    val provenance: Provenance,
    /** Tone and faces are judged on the photo shrunk by a whole factor until its long side fits this. */
    val workingSide: Int,
    val detection: Detection,
    /** Minimum score of a face, between 0 and 1. */
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
    /**
     * Tiles begin at multiples of so many cells, where the network halves its grid: both their sides and
     * the halo are multiples of it.
     */
    val step: Int,
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
    /** Whether its networks run at other sizes than their tiles', too: nothing here does. */
    val resizes: Boolean,
)

/** The type of a tensor's stored values, in [min]..[max] for integers. */
enum class DataType(
    val bytes: Int,
    val min: Int,
    val max: Int,
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
    /** The shape of a tensor that does not follow the tile: the context, the thumbnail, the curves. */
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

/**
 * Inputs and expected outputs of some cells: raw little-endian tensors, in the artifact's order.
 *
 * A tile is filled with the inputs laid side by side, from its upper left corner on. What its network then
 * gives inside the halo is the outputs laid side by side in the same way.
 */
data class Golden(
    val rows: Int,
    val columns: Int,
    val inputs: List<String>,
    val outputs: List<String>,
    /** Largest difference allowed, in stored units. */
    val tolerance: Double,
)

/** Agreement of the artifact with the full-precision model, as measured when it was made. */
data class Gate(
    /** PSNR of the part's output, dB. */
    val outputPsnr: Double,
    /** PSNR of output minus input of the chain that ends here, dB; only for the decoder. */
    val residualPsnr: Double?,
    val worstTilePsnr: Double,
    val tiles: Long,
    val data: String,
)

/** Size and checksum of a file. */
data class BundleFile(
    val sha256: String,
    val bytes: Long,
)

/** Origin of the weights. */
data class Provenance(
    val recipe: String,
    val data: String,
    val licence: String,
    val tools: Map<String, String>,
)

/**
 * The detection rule: turns the detector's probabilities over a photo into a damage mask; see [damageMask].
 *
 * Probabilities are in levels: 0..255 for 0..1.
 */
data class Detection(
    /** Pixels: a photo with a longer side is shrunk by a whole factor until it fits. */
    val largestSide: Int = 4096,
    /** Pixels: smaller halves of the photo are skipped, because faces look like damage there. */
    val smallestSide: Int = 250,
    /** A region counts if its highest level reaches this. */
    val high: Int = 255,
    /** A region consists of the pixels that reach this. */
    val low: Int = 217,
    /** A region of one pixel in so many of the photo counts even if none reaches [high]. 0: none does. */
    val large: Int = 0,
    /** A region is thick where a square fits in, of the photo's shorter side divided by this. */
    val thick: Int = 100,
    /** A thick region counts only if its mean probability reaches this, */
    val thickMean: Int = 255,
    /** and if it is flat, as bare paper is: its lightness has at most this standard deviation, in levels. */
    val thickSpread: Int = 0,
    /**
     * A photo of which one pixel in so many counts, or more, is surely damaged: there thin regions count by a
     * second pair of levels. 0: in no photo.
     */
    val thinFrom: Int = 0,
    /** The second pair: what a region's highest level must reach, */
    val thinHigh: Int = 255,
    /** and its pixels. */
    val thinLow: Int = 217,
    /** A region is thin where no square fits in, of the photo's shorter side divided by this. */
    val thin: Int = 48,
    /** Inside a found face nothing counts where a square fits in, of its box's width divided by this. */
    val faceThick: Int = 16,
    /** Pixels around damage that count too: there its paint fades out. */
    val grow: Int = 1,
)
