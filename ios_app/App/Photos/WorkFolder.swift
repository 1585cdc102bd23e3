import Foundation

/// Where photos lie while they are worked on; emptied when the app starts.
enum WorkFolder {
    private static var folder: URL {
        FileManager.default.temporaryDirectory.appendingPathComponent("work", isDirectory: true)
    }

    /// Forgets everything of earlier runs.
    static func empty() {
        try? FileManager.default.removeItem(at: folder)
    }

    /// A file that does not exist yet; `name` is what a person sees when sharing it.
    static func file(named name: String) throws -> URL {
        let unique = folder.appendingPathComponent(UUID().uuidString, isDirectory: true)
        try FileManager.default.createDirectory(at: unique, withIntermediateDirectories: true)
        return unique.appendingPathComponent(name)
    }
}
