import Foundation

/// The folder of photos in work; emptied when the app starts.
enum WorkFolder {
    private static var folder: URL {
        FileManager.default.temporaryDirectory.appendingPathComponent("work", isDirectory: true)
    }

    /// Deletes the files of earlier runs.
    static func empty() {
        try? FileManager.default.removeItem(at: folder)
    }

    /// The URL of a new file; `name` is visible when it is shared.
    static func file(named name: String) throws -> URL {
        let unique = folder.appendingPathComponent(UUID().uuidString, isDirectory: true)
        try FileManager.default.createDirectory(at: unique, withIntermediateDirectories: true)
        return unique.appendingPathComponent(name)
    }
}
