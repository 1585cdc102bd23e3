package org.heirloom.core

/** Estimates the memory of a restoration before it starts. */
object Budget {
    /** Bytes: [total] in the process, [heap] of them on the Java heap. */
    data class Need(
        val total: Long,
        val heap: Long,
    )

    /** The app, the runtime and the loaded weights, as measured for the reference on a computer. */
    private const val BASE = 130L shl 20

    /** The heap's share of [BASE]: the shrunk photo, copies of tiles (about 35 MB) and refined faces. */
    private const val HEAP_BASE = 64L shl 20

    /** A tile's tensors inside the runtime and its copies outside, all networks together. */
    private const val FLOAT_BYTES_PER_CELL = 2200
    private const val INT8_BYTES_PER_CELL = 1100

    /** Maximum rows of cells that are mapped at once. */
    private const val BAND_ROWS = 256L

    /**
     * The memory for a photo of [height] x [width] pixels. With their alpha they take [pixelBytes]
     * outside of the heap, as a Bitmap's do. Of [options], a painted mask and `fillOnly` count. Temporary
     * files are not counted, because the system can write them out when memory is short.
     *
     * Throws [MissingArtifact] if the bundle has no encoder in [precision].
     */
    fun need(
        height: Int,
        width: Int,
        bundle: Bundle,
        latents: LatentStore = LatentStore(),
        precision: String = "int8",
        formats: List<String> = listOf("litert"),
        pixelBytes: Long = 4L * height * width,
        options: Options = Options(),
    ): Need {
        val painted = (options.scratches as? Scratches.Painted)?.damage?.mask
        val found = maskBytes(height, width, bundle.manifest.detection)
        val mask = painted?.values?.size?.toLong() ?: found
        val encoder = if (options.fillOnly) null else bundle.artifact("encoder", precision, formats)
        val stride = bundle.part("encoder").stride
        val planes = encoder?.let { latentBytes(height, width, it, stride) }.orEmpty()
        // Once the damage is found, the detector's levels and the opened mask are gone; then the fill's.
        val peak =
            maxOf(
                if (painted == null) 2 * mask else 0,
                fillBytes(height, width).filter(latents::onHeap).sum(),
                planes.filter(latents::onHeap).sum(),
            )
        return Need(BASE + pixelBytes + mask + peak, HEAP_BASE + mask + peak)
    }

    /** Bytes of the latent of the whole photo, and of a mapped band of it. */
    private fun latentBytes(
        height: Int,
        width: Int,
        encoder: Artifact,
        stride: Int,
    ): List<Long> {
        val latent = encoder.outputs[0]
        val row = ceilDiv(width, stride).toLong() * latent.channels * latent.dtype.bytes
        val rows = ceilDiv(height, stride).toLong()
        return listOf(rows * row, minOf(rows, BAND_ROWS) * row)
    }

    private fun maskBytes(
        height: Int,
        width: Int,
        rule: Detection,
    ): Long {
        val factor = ceilDiv(maxOf(height, width), rule.largestSide)
        return ceilDiv(height, factor).toLong() * ceilDiv(width, factor)
    }

    /** Bytes of each level of the fill's pyramid. */
    private fun fillBytes(
        height: Int,
        width: Int,
    ): List<Long> {
        val bytes = ArrayList<Long>()
        var rows = height
        var columns = width
        while (rows > 1 || columns > 1) {
            rows = ceilDiv(rows, 2)
            columns = ceilDiv(columns, 2)
            bytes.add(Level.bytes(rows, columns, 3))
        }
        return bytes
    }

    /** Throws [MemoryBudgetExceeded], with the memory that suffices, if [maxMemory] bytes do not. */
    internal fun check(
        maxMemory: Long?,
        height: Int,
        width: Int,
        need: Need,
    ) {
        val enough = need.total + (need.total - BASE) / 3
        if (maxMemory != null && maxMemory < enough) {
            throw MemoryBudgetExceeded(
                "A photo of ${width}x$height pixels needs about ${enough shr 20} MB, and " +
                    "${maxMemory shr 20} MB are allowed: shrink the photo.",
            )
        }
    }

    /** The largest tile, in cells, that leaves three quarters of the free budget to the photo. */
    internal fun maxCells(
        maxMemory: Long?,
        precision: String,
    ): Int? {
        if (maxMemory == null) return null
        val perCell =
            if (precision == "int8" || precision == "mixed") INT8_BYTES_PER_CELL else FLOAT_BYTES_PER_CELL
        return minOf(maxOf(0, maxMemory - BASE) / 4 / perCell, Int.MAX_VALUE.toLong()).toInt()
    }
}
