/// A part's offered tile sizes, and its halo in cells, for the planning of a route.
struct Offer {
    let sizes: [TileSize]
    let halo: Int

    func cover(_ area: Box) throws -> [Placement] { try plan(area, sizes: sizes, halo: halo) }
}

extension LoadedPart {
    var offer: Offer { Offer(sizes: sizes, halo: part.halo) }
}

/// All tiles of a photo, planned before the first one runs: it is encoded whole, then mapped and decoded in
/// bands of rows.
///
/// The photo is mirrored once, at the start, and each part computes what the next one needs beyond the
/// border, so nothing is padded between the parts.
struct Route {
    /// Rows that are mapped and decoded together, so that only they exist as a mapped latent.
    struct Band {
        let mappedArea: Box
        let mapping: [Placement]
        let decoding: [Placement]
    }

    let area: Box
    let latentArea: Box
    let encoding: [Placement]
    let bands: [Band]

    /// Tiles for a photo of `height` x `width` pixels.
    init(height: Int, width: Int, stride: Int, encoder: Offer, mapper: Offer, decoder: Offer) throws {
        area = Box(top: 0, left: 0, bottom: parts(of: height, stride), right: parts(of: width, stride))
        latentArea = area.grown(mapper.halo + decoder.halo)
        // As high as the largest mapper tile allows, so that a band is one row of them.
        let highest = mapper.sizes.map(\.rows).max() ?? 0
        let high = max(1, highest - 2 * mapper.halo - 2 * decoder.halo)
        var bands = [Band]()
        for top in Swift.stride(from: 0, to: area.bottom, by: high) {
            let band = Box(top: top, left: 0, bottom: min(area.bottom, top + high), right: area.right)
            let mappedArea = band.grown(decoder.halo)
            let mapping = try mapper.cover(mappedArea)
            bands.append(Band(mappedArea: mappedArea, mapping: mapping, decoding: try decoder.cover(band)))
        }
        encoding = try encoder.cover(latentArea)
        self.bands = bands
    }

    /// Multiply-accumulates of all tiles.
    func cost(_ encoder: LoadedPart, _ mapper: LoadedPart, _ decoder: LoadedPart) -> Double {
        var total = encoding.reduce(0) { $0 + encoder.cost($1) }
        for band in bands {
            total += band.mapping.reduce(0) { $0 + mapper.cost($1) }
            total += band.decoding.reduce(0) { $0 + decoder.cost($1) }
        }
        return total
    }
}
