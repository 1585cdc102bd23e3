import Foundation

/// Restores photos of any size with a bundle's networks in one precision.
///
/// Damage, fill, tone and context are computed once for the whole photo; everything else runs tile by tile,
/// and the photo's own pixels are overwritten, so that the working memory is a few tiles and the latent,
/// which lies in a temporary file if it is large.
public final class Restorer: Sendable {
    /// Minimum width in pixels: smaller faces hold too little detail to refine.
    public static let minFaceWidth = 48.0

    /// Maximum number of refined faces, the largest first: each takes 0.6 MB until all are put back.
    static let maxFaces = 64

    /// The parts that every photo needs.
    static let neededParts: Set<PartName> = [.tone, .encoder, .mapper, .decoder]

    public let bundle: NetworkBundle
    private let runner: any PartRunner
    private let precision: Precision
    private let formats: [Format]
    private let maxMemory: Int?

    /// `maxMemory`: bytes that a restoration may use, see `Budget`; nil: no limit.
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

    /// Restores a photo, overwriting its pixels but for a mount around the picture; `progress` is called with
    /// the share of the tiles done, the detector's too, in rising order up to 1, on the working thread.
    ///
    /// Throws, before anything is overwritten, `missingArtifact`, `photoError` for a mask or a face's box
    /// that does not fit, and `memoryBudgetExceeded` for too little memory, or too little storage for the
    /// latent. At any time it throws `networkFailed`, the runner's errors, `memoryBudgetExceeded` if
    /// storage runs out after all, and `CancellationError` soon after its task was cancelled (before the
    /// next tile, or the next row of the fill and the tone). The pixels may then be partly restored, with
    /// damage filled, tone set and some rows decoded, so start again from the file.
    public func restore(
        _ pixels: any Pixels, options: Options = Options(), progress: @Sendable (Double) -> Void = { _ in }
    ) async throws -> Restored {
        try Budget.check(maxMemory: maxMemory, pixels, bundle.manifest.detection)
        if case .painted(let painted) = options.scratches { try check(painted, pixels) }
        guard let picture = Mount.picture(in: pixels) else {
            return try await restoreInside(pixels, options, progress)
        }
        let inside = Inside(pixels, picture)
        let restored = try await restoreInside(inside, inside.marked(options), progress)
        return Restored(
            steps: [.mountLeft] + restored.steps, faces: restored.faces.map(inside.placed), picture: picture
        )
    }

    /// Restores a photo without a mount, or the picture within it.
    private func restoreInside(
        _ pixels: any Pixels, _ options: Options, _ progress: @Sendable (Double) -> Void
    ) async throws -> Restored {
        let strength = min(1, max(0, options.strength))
        let wantsFaces = try !options.fillOnly && wantsFaces(options)
        var steps = [Step]()
        let detection = try detectionShare(pixels, options)
        let damage = try await damage(in: pixels, options) { progress(detection * $0) }
        let passes =
            try options.fillOnly
            ? nil
            : Passes(
                pixels, encoder: part(.encoder), mapper: part(damage == nil ? .mapper : .mapperGlobal),
                decoder: part(.decoder), damage: damage)
        if let damage, strength > 0 {
            try pushPull(pixels, damage, strength: strength)
            steps.append(.filled(share: damage.share))
        }
        guard let passes else {
            progress(1)
            return Restored(steps: steps, faces: [])
        }

        try Task.checkCancellation()
        let working = WorkingPicture(pixels, workingSide: bundle.manifest.workingSide)
        let faces = wantsFaces ? try await faces(working, options, minWidth: Self.minFaceWidth) : []
        let gray = pixels.colours == 1 || options.keepGray && Hue.isOne(working.small)
        if try await setTone(working, gray: gray, strength: strength) { steps.append(.tone) }
        let before = faces.map { take(pixels, $0) }
        try await passes.restore(strength: strength, gray: gray) {
            progress(detection + (1 - detection) * $0)
        }
        steps.append(.restored)

        let faceStrength = strength * min(1, max(0, options.faceStrength))
        let records = try await refine(pixels, faces, before, strength: faceStrength, gray: gray)
        let count = records.filter(\.refined).count
        if count > 0 { steps.append(.facesRefined(count)) }
        return Restored(steps: steps, faces: records)
    }

    func part(_ name: PartName) throws -> LoadedPart {
        let artifact = try bundle.artifact(of: name, precision: precision, formats: formats)
        let maxCells = Budget.maxCells(maxMemory: maxMemory)
        return LoadedPart(name, bundle.manifest.parts[name]!, artifact, runner, maxCells: maxCells)
    }

    /// Applies the tone curves in place, if their change is large enough.
    private func setTone(_ working: WorkingPicture, gray: Bool, strength: Double) async throws -> Bool {
        if Hue.isFlat(working.small) { return false }
        let part = try part(.tone)
        let thumbnail = Tone.thumbnail(working.small, side: part.sizes[0].rows)
        let steps = real(try await part.run(0, [.float32(thumbnail)]), as: part.output)
        var knots = Tone.curves(steps, count: steps.count / 3)
        if gray { knots = [[Double]](repeating: Tone.mean(knots), count: 3) }
        guard Tone.change(knots, working.small) >= Tone.minChange else { return false }
        if gray {
            try Tone.applyToLightness(knots, to: working.pixels, strength: strength)
        } else {
            try Tone.applyCurves(knots, to: working.pixels, strength: strength)
        }
        return true
    }
}

/// A photo, and the same shrunk by a whole factor for the networks that judge tone and faces.
struct WorkingPicture {
    let pixels: any Pixels
    let factor: Int
    let small: ArrayPixels

    init(_ pixels: any Pixels, workingSide: Int) {
        self.pixels = pixels
        factor = parts(of: max(pixels.height, pixels.width), workingSide)
        small = shrink(pixels, factor)
    }
}
