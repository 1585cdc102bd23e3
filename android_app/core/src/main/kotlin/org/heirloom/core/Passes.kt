package org.heirloom.core

/*
 * Tiled passes over a photo: encode it whole, then map and decode it in bands of rows. The photo is
 * mirrored once, at the start, and each part computes what the next one needs beyond the border, so nothing
 * is padded between the parts.
 */

/** The latent of the whole photo; the caller closes it. */
internal fun encode(
    pixels: Pixels,
    encoder: LoadedPart,
    route: Route,
    latents: LatentStore,
): Plane {
    val latent = Plane(route.latentArea, encoder.output, latents)
    var done = false
    try {
        val levels = photoLevels(encoder.artifact.inputs[0])
        for ((placement, reads) in route.encoding) {
            val seen = cells(pixels, reads, encoder.stride, levels)
            latent.write(placement.keep, encoder.run(placement, listOf(seen)))
        }
        done = true
    } finally {
        if (!done) latent.close()
    }
    return latent
}

/** The mapper's inputs for a window: the latent, and with damage also its mask and the context. */
internal class MapperInputs(
    private val mapper: LoadedPart,
    private val latent: Plane,
    private val damage: Damage?,
    private val pixels: Pixels,
    area: Box,
) {
    private val specs = mapper.artifact.inputs
    private val context = damage?.let { context(it, area) }
    private val maskLevels = specs.find { it.role == "mask" }?.let { store(doubleArrayOf(0.0, 1.0), it) }

    fun of(reads: Box): List<Stored> =
        specs.map {
            when (it.role) {
                "mask" -> mask(damage!!, reads)
                "context" -> context!!
                else -> latent.read(reads)
            }
        }

    private fun mask(
        damage: Damage,
        reads: Box,
    ): Stored {
        val cells = damage.cells(reads, mapper.stride, pixels.height, pixels.width)
        return when (val levels = maskLevels!!) {
            is Int8Values -> Int8Values(ByteArray(cells.size) { levels.values[if (cells[it]) 1 else 0] })
            is FloatValues -> FloatValues(FloatArray(cells.size) { levels.values[if (cells[it]) 1 else 0] })
        }
    }

    private fun context(
        damage: Damage,
        area: Box,
    ): Stored {
        val spec = specs.first { it.role == "context" }
        val intact = BooleanArray(area.rows * area.columns)
        val pixelsInCell = mapper.stride * mapper.stride
        // Row by row of cells, so that no mask of the whole photo is laid out in cells at once.
        for (row in 0 until area.rows) {
            val line = Box(row, 0, row + 1, area.columns)
            val cells = damage.cells(line, mapper.stride, pixels.height, pixels.width)
            for (column in 0 until area.columns) {
                val first = column * pixelsInCell
                intact[row * area.columns + column] = (first until first + pixelsInCell).none { cells[it] }
            }
        }
        // The manifest's checks see to it that a context has a shape.
        val grid = Math.rint(Math.sqrt(spec.shape!![0].toDouble())).toInt()
        return pool(latent, area, intact, grid, spec)
    }
}

/**
 * Maps and decodes band by band; calls [use] with boxes of cells and their residual cells. [pixels] may be
 * restored meanwhile, in the boxes that [use] was called with.
 */
internal fun decode(
    pixels: Pixels,
    mapper: LoadedPart,
    decoder: LoadedPart,
    route: Route,
    mapperInputs: MapperInputs,
    latents: LatentStore,
    use: (Box, Stored) -> Unit,
) {
    val specs = decoder.artifact.inputs
    val levels = specs.find { it.role == "photo" }?.let(::photoLevels)
    for (band in route.bands) {
        Plane(band.mappedArea, specs.first { it.role == "latent" }, latents).use { mapped ->
            for ((placement, reads) in band.mapping) {
                mapped.write(placement.keep, mapper.run(placement, mapperInputs.of(reads)))
            }
            for ((placement, reads) in band.decoding) {
                val inputs =
                    specs.map {
                        when (it.role) {
                            // Its own cells alone: other tiles may be restored already.
                            "photo" -> cells(pixels, reads, decoder.stride, levels!!, placement.keep)
                            else -> mapped.read(reads)
                        }
                    }
                use(placement.keep, decoder.run(placement, inputs))
            }
        }
    }
}
