import Foundation
import RestoreCore

/// A photo that is open, before restoration.
struct OpenPhoto: Sendable, Identifiable {
    let id = UUID()
    let file: PhotoFile
    /// The photo at the screen's size.
    let picture: Picture
    /// Height in pixels, upright.
    let height: Int
    /// Width in pixels, upright.
    let width: Int
}

/// Damage that was found, and how it looks on the screen.
struct FoundDamage: Sendable {
    let marks: Marks
    /// The damage in red, as large as the photo's picture; nil: there is none.
    let overlay: Picture?
}

/// A restored photo, as the file that is saved and shared.
struct RestoredPhoto: Sendable {
    let file: URL
    /// The photo at the screen's size.
    let picture: Picture
    /// The steps applied, in order.
    let steps: [Step]
    /// What the photo's file has and this one has not.
    let lost: [Lost]
}

/// The steps on a photo. Nothing here is on the main actor.
enum Restoration {
    /// Opens a photo's file. Throws if it can't be shown.
    static func open(_ file: PhotoFile) async throws -> OpenPhoto {
        let source = try PhotoSource(file.url)
        return OpenPhoto(
            file: file, picture: try source.thumbnail(), height: source.upright.height,
            width: source.upright.width)
    }

    /// A part of a photo's file in its own pixels; nil if there is too little memory.
    static func detail(_ file: URL, _ crop: Crop) async -> Picture? {
        guard let source = try? PhotoSource(file),
            (try? FreeMemory.check(FreeMemory.bytes(), for: source.upright)) != nil
        else { return nil }
        return try? Picture(image: source.decoded(crop).image())
    }

    /// Finds the damage of a photo; `progress` is called with the share done, 0 to 1, and finished at the end.
    static func find(
        _ photo: OpenPhoto, _ engine: Engine, _ progress: AsyncStream<Double>.Continuation
    ) async throws -> FoundDamage {
        defer { progress.finish() }
        let work = try Work(photo, engine)
        let damage = try await engine.restoring {
            try await work.restorer.findDamage(work.buffer.pixels) { progress.yield($0) }
        }
        let marks = Marks(found: damage, height: photo.height, width: photo.width)
        let overlay = try damage.map { try picture(of: $0, like: photo) }
        return FoundDamage(marks: marks, overlay: overlay)
    }

    /// Restores a photo, or only fills its damage; `progress` is called as in `find`.
    static func run(
        _ photo: OpenPhoto, _ engine: Engine, _ choices: Choices, _ marks: Marks?, fillOnly: Bool,
        _ progress: AsyncStream<Double>.Continuation
    ) async throws -> RestoredPhoto {
        defer { progress.finish() }
        let work = try Work(photo, engine)
        let options = choices.options(marks: marks, fillOnly: fillOnly)
        let restored = try await engine.restoring {
            try await work.restorer.restore(work.buffer.pixels, options: options) { progress.yield($0) }
        }
        try Task.checkCancellation()
        let file = try WorkFolder.file(named: "Restored.\(work.source.kind.suffix)")
        let lost = try PhotoWriter.write(work.buffer, like: work.source, to: file)
        return RestoredPhoto(
            file: file, picture: try PhotoSource(file).thumbnail(), steps: restored.steps, lost: lost)
    }

    private static func picture(of damage: Damage, like photo: OpenPhoto) throws -> Picture {
        let (rows, columns) = (photo.picture.image.height, photo.picture.image.width)
        let pixels = overlay(damage, rows: rows, columns: columns, height: photo.height, width: photo.width)
        return try Picture(premultiplied: pixels, height: rows, width: columns)
    }
}

/// A decoded photo and what works on it. Throws if there is too little memory, and `CancellationError` before
/// and after decoding, which can't be interrupted.
private struct Work {
    let source: PhotoSource
    let restorer: Restorer
    let buffer: RGBABuffer

    init(_ photo: OpenPhoto, _ engine: Engine) throws {
        source = try PhotoSource(photo.file.url)
        let free = FreeMemory.bytes()
        try FreeMemory.check(free, for: source.upright)
        restorer = try engine.restorer(maxMemory: free)
        try Task.checkCancellation()
        buffer = try source.decoded()
        try Task.checkCancellation()
    }
}
