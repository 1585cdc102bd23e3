import Foundation

/// A bundle's networks in one precision, which restore photos of any size.
///
/// What concerns the whole photo (damage, tone, context) is computed once; everything else runs tile by
/// tile, and the photo's own pixels are overwritten, so that the working memory is a few tiles, and the
/// latent, which lies in a temporary file if it is large.
public final class Restorer: Sendable {
    /// Pixels across: smaller faces hold nothing to refine.
    public static let leastFaceWidth = 48.0

    /// The largest ones are refined: each takes 0.6 MB until all are put back.
    static let mostFaces = 64

    /// What every photo meets.
    static let neededParts: Set<PartName> = [.tone, .encoder, .mapper, .decoder]

    public let bundle: NetworkBundle
    private let runner: any PartRunner
    private let precision: Precision
    private let formats: [Format]
    private let maxMemory: Int?

    /// `maxMemory`: bytes that a restoration may use, see `Budget`; nil: any.
    ///
    /// Throws `missingArtifact` if the bundle lacks a part that every photo needs, in `precision` and in
    /// the first of `formats` that has it.
    public init(
        bundle: NetworkBundle, runner: some PartRunner, precision: Precision = .float16,
        formats: [Format] = [.coreml], maxMemory: Int? = nil
    ) throws {
        (self.bundle, self.runner, self.precision) = (bundle, runner, precision)
        (self.formats, self.maxMemory) = (formats, maxMemory)
        for name in Self.neededParts { _ = try part(name) }
    }

    /// Restores a photo, overwriting its pixels; `progress` is told the share of the tiles done, in rising
    /// order up to 1, from whichever thread does the work.
    ///
    /// Throws, before anything is overwritten, `missingArtifact`, `photoError` for a mask or a face's box
    /// that does not fit, and `memoryBudgetExceeded` for too little memory, or too little storage for the
    /// latent. At any time it throws `networkFailed`, what the runner throws, `memoryBudgetExceeded` if
    /// storage runs out after all, and `CancellationError` soon after its task was cancelled (before the
    /// next tile). The pixels are then partly restored: tone may be set and some rows mended, so start again
    /// from the file.
    public func restore(
        _ pixels: any Pixels, options: Options = Options(), progress: @Sendable (Double) -> Void = { _ in }
    ) async throws -> Restored {
        try Budget.check(maxMemory: maxMemory, pixels)
        let strength = min(1, max(0, options.strength))
        var done = [String]()
        let look = Look(pixels, workingSide: bundle.manifest.workingSide)
        let damage = try await damage(look, options)
        if let damage { done.append("scratches on \(printed(100 * damage.share, 1)) % of the photo") }
        let faces = try await faces(look, options, leastWidth: Self.leastFaceWidth)
        let passes = try Passes(
            pixels, encoder: part(.encoder), mapper: part(damage == nil ? .mapper : .mapperGlobal),
            decoder: part(.decoder), damage: damage)

        let gray = pixels.colours == 1 || options.keepGray && looksGray(look.small)
        if try await setTone(look, damage, gray: gray, strength: strength) { done.append("tone") }
        let before = faces.map { take(pixels, $0) }
        try await passes.restore(strength: strength, gray: gray, progress: progress)
        done.append("restored")

        let faceStrength = strength * min(1, max(0, options.faceStrength))
        let records = try await refine(pixels, faces, before, strength: faceStrength, gray: gray)
        let count = records.filter(\.refined).count
        if count > 0 { done.append("\(count) \(count == 1 ? "face" : "faces") refined") }
        return Restored(done: done, faces: records)
    }

    /// What `restore` would take for damage, without restoring; nil if there is none, or none is wanted.
    /// Throws as `restore`.
    public func findDamage(_ pixels: any Pixels, options: Options = Options()) async throws -> Damage? {
        try await damage(Look(pixels, workingSide: bundle.manifest.workingSide), options)
    }

    /// The boxes of the faces that `restore` would refine, without restoring; `leastWidth` in pixels.
    /// Throws as `restore`.
    public func findFaces(
        _ pixels: any Pixels, options: Options = Options(), leastWidth: Double = Restorer.leastFaceWidth
    ) async throws -> [FaceBox] {
        let look = Look(pixels, workingSide: bundle.manifest.workingSide)
        return try await faces(look, options, leastWidth: leastWidth).map(\.box)
    }

    private func part(_ name: PartName) throws -> LoadedPart {
        let artifact = try bundle.artifact(of: name, precision: precision, formats: formats)
        let mostCells = Budget.mostCells(maxMemory: maxMemory)
        return LoadedPart(name, bundle.manifest.parts[name]!, artifact, runner, mostCells: mostCells)
    }

    private func damage(_ look: Look, _ options: Options) async throws -> Damage? {
        let found: Damage
        switch options.scratches {
        case .off: return nil
        case .painted(let painted):
            found = painted
            let (rows, columns) = (
                parts(of: look.pixels.height, found.factor), parts(of: look.pixels.width, found.factor)
            )
            guard (found.rows, found.columns) == (rows, columns) else {
                throw HeirloomError(
                    .photoError,
                    "The mask has \(found.columns)x\(found.rows) pixels and the photo \(look.pixels.width)x"
                        + "\(look.pixels.height): paint the mask on a copy of the photo.")
            }
        case .auto:
            let part = try part(.scratch)
            found = Damage(
                probability: try await PartMap(part, of: look.small).firstColour(
                    stride: part.part.stride, height: look.small.height, width: look.small.width),
                rows: look.small.height, columns: look.small.width,
                threshold: bundle.manifest.scratchThreshold, factor: look.factor)
        }
        return found.mask.contains(true) ? found : nil
    }

    /// The faces to refine. A bundle without the networks for it finds none, unless boxes are given.
    private func faces(_ look: Look, _ options: Options, leastWidth: Double) async throws -> [Face] {
        guard options.strength != 0, options.faceStrength != 0, options.faces != .off else { return [] }
        let known = bundle.manifest.parts
        if options.faces == .auto, known[.finder] == nil || known[.face] == nil { return [] }
        _ = try part(.face)
        let finder = Finder(part: try part(.finder), threshold: bundle.manifest.finderThreshold)
        if case .boxes(let boxes) = options.faces {
            var faces = [Face]()
            for box in boxes {
                guard box.isUsable else {
                    throw HeirloomError(
                        .photoError, "A face's box has no width or no height: draw it again.")
                }
                let marked = Face(in: box)
                faces.append(try await finder.lookAgain(look.pixels, marked) ?? marked)
            }
            return faces
        }
        let found = try await finder.faces(
            look.pixels, small: look.small, factor: look.factor, leastWidth: leastWidth)
        return Array(Finder.sortedDown(found) { $0.width }.prefix(Self.mostFaces))
    }

    /// Applies the tone curves in place, if they would change enough to matter.
    private func setTone(_ look: Look, _ damage: Damage?, gray: Bool, strength: Double) async throws -> Bool
    {
        let part = try part(.tone)
        let damaged = damage?.shrunk(to: look.factor).mask
        let thumbnail = Tone.thumbnail(look.small, damaged: damaged, side: part.sizes[0].rows)
        let steps = real(try await part.run(0, [.float32(thumbnail)]), as: part.output)
        var knots = Tone.curves(steps, count: steps.count / 3)
        // A curve for each colour would tint a gray picture in a colour file.
        if gray { knots = [[Double]](repeating: Tone.mean(knots), count: 3) }
        guard Tone.change(knots, look.small) >= Tone.leastChange else { return false }
        Tone.apply(knots, to: look.pixels, strength: strength)
        return true
    }

    /// Refines the faces of the restored photo in place; `before` are the same faces unrestored.
    private func refine(
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
}

/// A photo, and the same shrunk by a whole factor for the networks that judge it as a whole.
private struct Look {
    let pixels: any Pixels
    let factor: Int
    let small: ArrayPixels

    init(_ pixels: any Pixels, workingSide: Int) {
        self.pixels = pixels
        factor = parts(of: max(pixels.height, pixels.width), workingSide)
        small = shrink(pixels, factor)
    }
}

extension PartMap {
    /// The first colour of the pixels that the cells hold, `height` x `width` of them.
    func firstColour(stride: Int, height: Int, width: Int) -> [Float] {
        let colours = channels / (stride * stride)
        return (0..<height * width).map { place in
            let (y, x) = (place / width, place % width)
            let cell = (y / stride * columns + x / stride) * channels
            return values[cell + (y % stride * stride + x % stride) * colours]
        }
    }
}

extension FaceBox {
    fileprivate var isUsable: Bool {
        [left, top].allSatisfy { abs($0) < 1e6 } && [width, height].allSatisfy { $0 > 0 && $0 < 1e6 }
    }
}
