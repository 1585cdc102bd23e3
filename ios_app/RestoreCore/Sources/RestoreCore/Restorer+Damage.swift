extension Restorer {
    /// The damage that `restore` would fill, without restoring; nil if there is none or it is off. A mask
    /// of the whole photo counts as none, for nothing is left to fill it from. Throws as `restore`.
    public func findDamage(_ pixels: any Pixels, options: Options = Options()) async throws -> Damage? {
        let found: Damage
        switch options.scratches {
        case .off: return nil
        case .painted(let painted):
            try check(painted, pixels)
            found = painted
        case .auto:
            let rule = bundle.manifest.detection
            let factor = parts(of: max(pixels.height, pixels.width), rule.largestSide)
            // The photo itself, if it is not too large: networks see it in 8 bits and colour in any case.
            let picture: any Pixels = factor == 1 ? pixels : shrink(pixels, factor)
            let levels = try await damageLevels(part(.scratch), picture, rule)
            guard levels.contains(where: { $0 >= rule.high }) else { return nil }
            let areas = try await faceAreas(pixels, factor)
            found = Damage(damageMask(levels, picture, areas, rule), factor: factor)
        }
        let values = found.mask.values
        return values.contains(true) && values.contains(false) ? found : nil
    }

    /// Throws unless a painted mask has the photo's size.
    private func check(_ painted: Damage, _ pixels: any Pixels) throws {
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
