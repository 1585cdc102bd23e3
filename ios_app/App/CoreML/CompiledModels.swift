import CoreML
import Foundation

/// The bundle's packages, compiled once for this device and kept for the next start.
///
/// Xcode compiles packages only one by one; in a folder that is copied as it is they arrive uncompiled.
actor CompiledModels {
    private let source: URL
    private let folder: URL
    private var underWay: [String: Task<URL, any Error>] = [:]

    /// `parent` keeps compiled models by the bundle's `digest`; those of other bundles are removed.
    init(source: URL, parent: URL, digest: String) throws {
        self.source = source
        folder = parent.appendingPathComponent(digest, isDirectory: true)
        let files = FileManager.default
        try files.createDirectory(at: folder, withIntermediateDirectories: true)
        for other in try files.contentsOfDirectory(atPath: parent.path) where other != digest {
            try files.removeItem(at: parent.appendingPathComponent(other))
        }
    }

    /// The URL of the compiled package; `file` is its path in the bundle.
    func url(of file: String) async throws -> URL {
        if let task = underWay[file] { return try await task.value }
        let package = source.appendingPathComponent(file, isDirectory: true)
        let name = file.replacingOccurrences(of: "/", with: "-")
        let place = folder.appendingPathComponent("\(name).mlmodelc", isDirectory: true)
        let task = Task { try await Self.compiled(package, at: place) }
        underWay[file] = task
        do {
            return try await task.value
        } catch {
            underWay[file] = nil
            throw error
        }
    }

    private static func compiled(_ package: URL, at place: URL) async throws -> URL {
        if !FileManager.default.fileExists(atPath: place.path) {
            let temporary = try await MLModel.compileModel(at: package)
            try FileManager.default.moveItem(at: temporary, to: place)
        }
        return place
    }
}
