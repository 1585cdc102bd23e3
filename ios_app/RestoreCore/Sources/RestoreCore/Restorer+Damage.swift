extension Restorer {
    /// The damage that `restore` would fill, without restoring; nil if there is none or it is off. A mask
    /// of the whole picture counts as none, for nothing is left to fill it from; a mount has none.
    /// `progress` is called with the share of the detector's tiles done, up to 1. Throws as `restore`.
    public func findDamage(
        _ pixels: any Pixels, options: Options = Options(), progress: @Sendable (Double) -> Void = { _ in }
    ) async throws -> Damage? {
        if case .painted(let painted) = options.scratches { try check(painted, pixels) }
        guard let picture = Mount.picture(in: pixels) else {
            return try await damage(in: pixels, options, progress)
        }
        let inside = Inside(pixels, picture)
        return try await damage(in: inside, inside.marked(options), progress).map(inside.placed)
    }

    /// The same in a photo without a mount, or in the picture within it.
    func damage(
        in pixels: any Pixels, _ options: Options, _ progress: @Sendable (Double) -> Void
    ) async throws -> Damage? {
        let found: Damage
        switch options.scratches {
        case .off: return nil
        case .painted(let painted):
            found = painted
        case .auto:
            let rule = bundle.manifest.detection
            let factor = parts(of: max(pixels.height, pixels.width), rule.largestSide)
            // The photo itself, if it is not too large: networks see it in 8 bits and colour in any case.
            let picture: any Pixels = factor == 1 ? pixels : shrink(pixels, factor)
            let levels = try await damageLevels(part(.scratch), picture, rule, progress: progress)
            let mask = try await damageMask(levels, picture, { try await faceAreas(pixels, factor) }, rule)
            found = Damage(mask, factor: factor)
        }
        let values = found.mask.values
        return values.contains(true) && values.contains(false) ? found : nil
    }

    /// The detector's share of the work for a photo, 0...1.
    func detectionShare(_ pixels: any Pixels, _ options: Options) throws -> Double {
        guard case .auto = options.scratches else { return 0 }
        if options.fillOnly { return 1 }
        let (height, width, rule) = (pixels.height, pixels.width, bundle.manifest.detection)
        let factor = parts(of: max(height, width), rule.largestSide)
        let detection = try detectionCost(
            part(.scratch), height: parts(of: height, factor), width: parts(of: width, factor), rule)
        let (encoder, mapper, decoder) = try (part(.encoder), part(.mapper), part(.decoder))
        let route = try Route(
            height: height, width: width, stride: encoder.part.stride, encoder: encoder.offer,
            mapper: mapper.offer, decoder: decoder.offer)
        return detection / (detection + route.cost(encoder, mapper, decoder))
    }

    /// Throws unless a painted mask has the photo's size.
    func check(_ painted: Damage, _ pixels: any Pixels) throws {
        let (mask, factor) = (painted.mask, painted.factor)
        guard mask.rows == parts(of: pixels.height, factor), mask.columns == parts(of: pixels.width, factor)
        else {
            throw HeirloomError(
                .photoError,
                "The mask has \(mask.columns)x\(mask.rows) pixels and the photo \(pixels.width)x"
                    + "\(pixels.height): paint the mask on a copy of the photo.")
        }
    }

    /// The faces of a photo shrunk by `factor`, of any size; none if the bundle has no finder.
    private func faceAreas(_ pixels: any Pixels, _ factor: Int) async throws -> [FaceArea] {
        guard bundle.manifest.parts[.finder] != nil else { return [] }
        let working = WorkingPicture(pixels, workingSide: bundle.manifest.workingSide)
        let faces = try await finder().faces(
            pixels, small: working.small, factor: working.factor, minWidth: 0)
        return faces.map { FaceArea($0.box, factor: factor) }
    }
}
