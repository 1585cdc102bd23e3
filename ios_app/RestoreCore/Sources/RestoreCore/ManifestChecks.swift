/// Checks beyond the schema: that the manifest's statements are consistent.
extension Manifest {
    /// Throws `invalidManifest`, with the part, format and precision, if statements contradict one another.
    func checkConsistency() throws {
        for name in PartName.allCases {
            guard let part = parts[name] else { continue }
            var seen = Set<Kind>()
            for artifact in part.artifacts {
                let isNew = seen.insert(Kind(artifact)).inserted
                guard let problem = isNew ? artifactProblem(name, part, artifact) : "stated twice" else {
                    continue
                }
                let kind = "\(artifact.format.rawValue) \(artifact.precision.rawValue)"
                throw HeirloomError(.invalidManifest, "\(name.rawValue), \(kind): \(problem).")
            }
        }
        if detection.low > detection.high {
            throw HeirloomError(.invalidManifest, "detection: low is above high.")
        }
        if let problem = latentProblem() { throw HeirloomError(.invalidManifest, "\(problem).") }
    }

    private struct Kind: Hashable {
        let format: Format
        let precision: Precision

        init(_ artifact: Artifact) { (format, precision) = (artifact.format, artifact.precision) }
    }

    private func artifactProblem(_ name: PartName, _ part: Part, _ artifact: Artifact) -> String? {
        let (takes, gives) = name.roles
        let sides: [(tensors: [Tensor], least: Set<Role>, all: Set<Role>)] = [
            (artifact.inputs, takes, takes.union(name.optionalRoles)), (artifact.outputs, gives, gives),
        ]
        for (tensors, least, all) in sides {
            let stated = tensors.map(\.role)
            let roles = Set(stated)
            if stated.count != roles.count || (roles != least && roles != all) {
                return "has \(Self.list(stated)), where this part has \(Self.list(all))"
            }
            if Set(tensors.map(\.name)).count != tensors.count { return "two tensors share a name" }
        }
        for tensor in artifact.inputs + artifact.outputs {
            if let problem = Self.tensorProblem(tensor) { return problem }
        }
        if part.halo % part.step != 0 {
            return "the halo (\(part.halo)) is no multiple of the step (\(part.step))"
        }
        for tile in artifact.tiles {
            if tile.rows % part.step != 0 || tile.columns % part.step != 0 {
                let size = "\(tile.rows)x\(tile.columns)"
                return "a tile of \(size) cells is no multiple of the step (\(part.step))"
            }
            if min(tile.rows, tile.columns) - part.halo <= part.halo {
                return "a tile of \(tile.rows)x\(tile.columns) cells is all halo (\(part.halo))"
            }
            if files[tile.file] == nil, !files.keys.contains(where: { $0.hasPrefix(tile.file + "/") }) {
                return "\(tile.file) is not listed in files"
            }
        }
        return artifact.golden.lazy.compactMap { goldenProblem($0, part, artifact) }.first
    }

    private static func tensorProblem(_ tensor: Tensor) -> String? {
        switch tensor.dtype {
        case .float32 where tensor.scale != 1 || tensor.zeroPoint != 0:
            return "\(tensor.name) is float32 and can't have a scale or zero point"
        case .int8 where tensor.scale != 1 && Int8(exactly: tensor.zeroPoint) == nil,
            .uint8 where tensor.scale != 1 && UInt8(exactly: tensor.zeroPoint) == nil:
            return "\(tensor.name) has a zero point outside \(tensor.dtype.rawValue)"
        case .int8 where tensor.scale == 1, .uint8 where tensor.scale == 1:
            return "\(tensor.name) is \(tensor.dtype.rawValue) and needs a scale"
        default: break
        }
        if tensor.role == .context, tensor.shape?.last != tensor.channels {
            return "\(tensor.name) needs the context's shape (tokens, channels)"
        }
        return nil
    }

    private func goldenProblem(_ golden: Golden, _ part: Part, _ artifact: Artifact) -> String? {
        if golden.rows % part.step != 0 || golden.columns % part.step != 0 {
            let size = "\(golden.rows)x\(golden.columns)"
            return "golden vectors of \(size) cells don't fit the step (\(part.step))"
        }
        for (paths, tensors) in [(golden.inputs, artifact.inputs), (golden.outputs, artifact.outputs)] {
            if paths.count != tensors.count {
                return "golden vectors for \(paths.count) tensors, where the network has \(tensors.count)"
            }
            for (path, tensor) in zip(paths, tensors) {
                guard let file = files[path] else { return "\(path) is not listed in files" }
                let bytes = tensor.bytes(golden)
                if file.bytes != bytes {
                    return "\(path) has \(file.bytes) bytes, where \(tensor.name) has \(bytes)"
                }
            }
        }
        return nil
    }

    /// A latent passes from part to part untouched, so all that hold it must store it alike.
    private func latentProblem() -> String? {
        let encoded: [(PartName, KeyPath<Artifact, [Tensor]>)] = [
            (.encoder, \.outputs), (.mapper, \.inputs), (.mapperGlobal, \.inputs),
        ]
        let mapped: [(PartName, KeyPath<Artifact, [Tensor]>)] = [
            (.mapper, \.outputs), (.mapperGlobal, \.outputs), (.decoder, \.inputs),
        ]
        for chain in [encoded, mapped] {
            var first = [Kind: (part: PartName, tensor: Tensor)]()
            for (name, side) in chain {
                for artifact in parts[name]?.artifacts ?? [] {
                    for tensor in artifact[keyPath: side] where [.latent, .context].contains(tensor.role) {
                        guard let other = first[Kind(artifact)] else {
                            first[Kind(artifact)] = (name, tensor)
                            continue
                        }
                        if !tensor.isStored(like: other.tensor) {
                            return "\(artifact.format.rawValue) \(artifact.precision.rawValue): "
                                + "\(name.rawValue)'s \(tensor.role.rawValue) is not stored as "
                                + "\(other.part.rawValue)'s \(other.tensor.role.rawValue)"
                        }
                    }
                }
            }
        }
        return nil
    }

    private static func list(_ roles: some Sequence<Role>) -> String {
        roles.map(\.rawValue).sorted().joined(separator: ", ")
    }
}

extension Tensor {
    fileprivate func isStored(like other: Tensor) -> Bool {
        channels == other.channels && dtype == other.dtype && scale == other.scale
            && zeroPoint == other.zeroPoint
    }
}
