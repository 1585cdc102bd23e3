extension Restorer {
    /// The boxes of the faces that `restore` would refine if there were no damage, without restoring;
    /// `minWidth` in pixels. Throws as `restore`.
    public func findFaces(
        _ pixels: any Pixels, options: Options = Options(), minWidth: Double = Restorer.minFaceWidth
    ) async throws -> [FaceBox] {
        guard try wantsFaces(options) else { return [] }
        let whole = Box(top: 0, left: 0, bottom: pixels.height, right: pixels.width)
        let inside = Inside(pixels, Mount.picture(in: pixels) ?? whole)
        let working = WorkingPicture(inside, workingSide: bundle.manifest.workingSide)
        let found = try await faces(working, inside.marked(options), minWidth: minWidth)
        return found.map { inside.placed($0.box) }
    }

    /// Whether there may be faces to refine. A bundle without the networks for it finds none, unless boxes
    /// are given. Throws `missingArtifact`, and `photoError` for a box that can't be a face's.
    func wantsFaces(_ options: Options) throws -> Bool {
        guard options.strength != 0, options.faceStrength != 0, options.faces != .off else { return false }
        let known = bundle.manifest.parts
        if options.faces == .auto, known[.finder] == nil || known[.face] == nil { return false }
        _ = (try part(.face), try part(.finder))
        if case .boxes(let boxes) = options.faces, !boxes.allSatisfy(\.isUsable) {
            throw HeirloomError(.photoError, "A face's box has no width or no height: draw it again.")
        }
        return true
    }

    /// The faces to refine, if any. Throws as `LoadedPart.run`.
    func faces(_ working: WorkingPicture, _ options: Options, minWidth: Double) async throws -> [Face] {
        let finder = try finder()
        if case .boxes(let boxes) = options.faces {
            var faces = [Face]()
            for box in boxes {
                let marked = Face(in: box)
                faces.append(try await finder.lookAgain(working.pixels, marked) ?? marked)
            }
            return faces
        }
        let found = try await finder.faces(
            working.pixels, small: working.small, factor: working.factor, minWidth: minWidth)
        return Array(Finder.sortedDown(found) { $0.width }.prefix(Self.maxFaces))
    }

    /// Refines the faces of the restored photo in place; `before` are the same faces unrestored.
    func refine(
        _ pixels: any Pixels, _ faces: [Face], _ before: [ArrayPixels], strength: Double, gray: Bool
    ) async throws -> [FaceRecord] {
        guard !faces.isEmpty else { return [] }
        let part = try part(.face)
        var (records, kept, changes) = ([FaceRecord](), [Face](), [FaceChange]())
        for (face, old) in zip(faces, before) {
            let change = try await FaceChange(part, before: old, restored: take(pixels, face))
            let record = change.judged(face)
            records.append(record)
            if record.refined {
                kept.append(face)
                changes.append(change)
            }
        }
        putBack(pixels, kept, changes, strength: strength, gray: gray)
        return records
    }

    func finder() throws -> Finder {
        Finder(part: try part(.finder), threshold: bundle.manifest.finderThreshold)
    }
}

extension FaceBox {
    fileprivate var isUsable: Bool {
        [left, top].allSatisfy { abs($0) < 1e6 } && [width, height].allSatisfy { $0 > 0 && $0 < 1e6 }
    }
}
