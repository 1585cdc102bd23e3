package org.heirloom.core

/** Rows that are mapped and decoded together, so that only they exist as a mapped latent. */
class Band(
    val mappedArea: Box,
    val mapping: List<Reading>,
    val decoding: List<Reading>,
)

/** All tiles of a photo, planned before the first one runs. */
class Route(
    /** The photo in cells. */
    val area: Box,
    /** [area] and the halo of the mapper and decoder around it. */
    val latentArea: Box,
    val encoding: List<Reading>,
    val bands: List<Band>,
) {
    /** Multiply-accumulates of all tiles. */
    fun cost(
        encoder: LoadedPart,
        mapper: LoadedPart,
        decoder: LoadedPart,
    ): Long =
        encoding.sumOf { encoder.cost(it.placement) } +
            bands.sumOf { band ->
                band.mapping.sumOf { mapper.cost(it.placement) } +
                    band.decoding.sumOf { decoder.cost(it.placement) }
            }
}

/** Tiles for a photo of [height] x [width] pixels. */
fun planRoute(
    height: Int,
    width: Int,
    encoder: LoadedPart,
    mapper: LoadedPart,
    decoder: LoadedPart,
): Route {
    val area = Box(0, 0, ceilDiv(height, encoder.stride), ceilDiv(width, encoder.stride))
    val latentArea = area.grown(mapper.halo + decoder.halo)
    // As high as the largest mapper tile allows, so that a band is one row of them.
    val high = maxOf(1, mapper.sizes.maxOf { it.rows } - 2 * mapper.halo - 2 * decoder.halo)
    val bands =
        (0 until area.bottom step high).map { top ->
            val band = Box(top, 0, minOf(area.bottom, top + high), area.right)
            val mappedArea = band.grown(decoder.halo)
            Band(mappedArea, mapper.cover(mappedArea), decoder.cover(band))
        }
    return Route(area, latentArea, encoder.cover(latentArea), bands)
}
