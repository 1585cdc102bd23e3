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

    /// Deletes a file that another app has sent: the system has copied it into this app's own inbox. Any other
    /// file stays.
    static func removeSent(_ file: URL) {
        let inbox = URL.documentsDirectory.appendingPathComponent("Inbox", isDirectory: true)
        guard file.resolvingSymlinksInPath().path.hasPrefix(inbox.resolvingSymlinksInPath().path + "/")
        else { return }
        try? FileManager.default.removeItem(at: file)
    }

    /// The URL of a new file; `name` is visible when it is shared.
    static func file(named name: String) throws -> URL {
        let unique = folder.appendingPathComponent(UUID().uuidString, isDirectory: true)
        try FileManager.default.createDirectory(at: unique, withIntermediateDirectories: true)
        return unique.appendingPathComponent(name)
    }
}
