import Foundation
import RestoreCore

/// A restored photo, as the file that is saved and shared.
struct RestoredPhoto: Sendable {
    let file: URL
    /// The photo at the screen's size.
    let picture: Picture
    /// The steps applied, in words.
    let done: [String]
}

/// Restores a photo's file to a new file. Nothing here is on the main actor.
enum Restoration {
    /// The photo at the screen's size. Throws if it can't be opened.
    static func preview(_ photo: PhotoFile) async throws -> Picture {
        try PhotoSource(photo.url).thumbnail()
    }

    /// Restores a photo; `progress` is called with the share done, 0 to 1, and finished at the end.
    static func run(
        _ photo: PhotoFile, _ engine: Engine, _ choices: Choices,
        _ progress: AsyncStream<Double>.Continuation
    ) async throws -> RestoredPhoto {
        defer { progress.finish() }
        let source = try PhotoSource(photo.url)
        let free = FreeMemory.bytes()
        try FreeMemory.check(free, for: source.upright)
        let restorer = try engine.restorer(maxMemory: free)
        let buffer = try source.decoded()
        let restored = try await engine.restoring {
            try await restorer.restore(buffer.pixels, options: choices.options) { share in
                progress.yield(share)
            }
        }
        let file = try WorkFolder.file(named: "Restored.\(source.kind.suffix)")
        try PhotoWriter.write(buffer, like: source, to: file)
        return RestoredPhoto(file: file, picture: try PhotoSource(file).thumbnail(), done: restored.done)
    }
}
