/// Tiled passes over a photo: encode it whole, then map and decode it band by band, and add the residual to
/// its pixels.
struct Passes {
    private let pixels: any Pixels
    private let encoder: LoadedPart
    private let mapper: LoadedPart
    private let decoder: LoadedPart
    private let damage: Damage?
    private let route: Route
    private let latent: Plane

    /// Plans the passes; `mapper` is the one for damage if there is some. Throws `memoryBudgetExceeded` if
    /// there is no room for the latent.
    init(
        _ pixels: any Pixels, encoder: LoadedPart, mapper: LoadedPart, decoder: LoadedPart, damage: Damage?
    ) throws {
        (self.pixels, self.damage) = (pixels, damage)
        (self.encoder, self.mapper, self.decoder) = (encoder, mapper, decoder)
        route = try Route(
            height: pixels.height, width: pixels.width, stride: encoder.part.stride, encoder: encoder.offer,
            mapper: mapper.offer, decoder: decoder.offer)
        latent = try Self.plane(route.latentArea, from: encoder)
    }

    /// Throws as `LoadedPart.run`, and `memoryBudgetExceeded` if there is no room for a band of the mapped
    /// latent. Pixels are overwritten only once the whole photo is encoded.
    func restore(strength: Double, gray: Bool, progress: (Double) -> Void) async throws {
        let total = route.cost(encoder, mapper, decoder)
        var spent = 0.0
        func report(_ part: LoadedPart, _ placement: Placement) {
            spent += part.cost(placement)
            progress(min(1, spent / total))
        }

        let levels = storedLevels(as: encoder.artifact.inputs[0])
        for placement in route.encoding {
            let reads = encoder.reads(placement)
            let input = cells(of: [pixels], reads, stride: encoder.part.stride, levels: levels)
            let output = try await encoder.run(placement.size, [input])
            latent.write(placement.keep, from: output, columns: reads.columns, halo: encoder.part.halo)
            report(encoder, placement)
        }

        let damaged = damage.map { MapperInputs($0, latent, route.area, mapper, pixels) }
        let photoLevels = decoder.artifact.inputs.first { $0.role == .photo }.map(storedLevels(as:))
        let stitcher = Stitcher(
            pixels, decoder.output, stride: decoder.part.stride, strength: strength, gray: gray)
        for band in route.bands {
            let mapped = try Self.plane(band.mappedArea, from: mapper)
            for placement in band.mapping {
                let reads = mapper.reads(placement)
                let inputs = damaged?.inputs(reads, latent.read(reads)) ?? [latent.read(reads)]
                let output = try await mapper.run(placement.size, inputs)
                mapped.write(placement.keep, from: output, columns: reads.columns, halo: mapper.part.halo)
                report(mapper, placement)
            }
            for placement in band.decoding {
                let reads = decoder.reads(placement)
                let inputs = decoder.artifact.inputs.map { tensor in
                    // The photo's own cells alone: other tiles may be restored already.
                    tensor.role == .photo
                        ? cells(
                            of: [pixels], reads, stride: decoder.part.stride, levels: photoLevels!,
                            own: placement.keep)
                        : mapped.read(reads)
                }
                let residual = try await decoder.run(placement.size, inputs)
                stitcher.add(
                    placement.keep, from: residual, columns: reads.columns, halo: decoder.part.halo)
                report(decoder, placement)
            }
        }
    }

    private static func plane(_ area: Box, from part: LoadedPart) throws -> Plane {
        let storage = Plane.Storage(part.output, of: part.artifact)
        return try Plane(area: area, channels: part.output.channels, storage: storage)
    }
}

/// The mapper's inputs beside the latent where there is damage: its mask, and the context.
private struct MapperInputs {
    private let damage: Damage
    private let mapper: LoadedPart
    private let height: Int
    private let width: Int
    private let context: Stored
    /// Stored values of the mask tensor for "intact" and for "damaged".
    private let marks: Stored

    init(_ damage: Damage, _ latent: Plane, _ area: Box, _ mapper: LoadedPart, _ pixels: any Pixels) {
        (self.damage, self.mapper, height, width) = (damage, mapper, pixels.height, pixels.width)
        let tensor = mapper.input(.context)
        let tokens = Double(tensor.shape?.first ?? 1)
        let intact = damage.intact(area, stride: mapper.part.stride, height: height, width: width)
        let grid = Int(tokens.squareRoot().rounded(.toNearestOrEven))
        context = pool(latent, area, intact: intact, grid: grid, as: tensor)
        marks = store([0, 1], as: mapper.input(.mask))
    }

    /// The inputs for a window, in the order of the network's.
    func inputs(_ reads: Box, _ latent: Stored) -> [Stored] {
        let mask = damage.cells(reads, stride: mapper.part.stride, height: height, width: width)
        let stored: Stored =
            switch marks {
            case .int8(let marks): .int8(mask.map { marks[$0 ? 1 : 0] })
            case .uint8(let marks): .uint8(mask.map { marks[$0 ? 1 : 0] })
            case .float32(let marks): .float32(mask.map { marks[$0 ? 1 : 0] })
            }
        return mapper.artifact.inputs.map { tensor in
            switch tensor.role {
            case .mask: stored
            case .context: context
            default: latent
            }
        }
    }
}
