import CoreTransferable
import Foundation
import UniformTypeIdentifiers

/// A photo as it was picked or taken, as its file's own bytes, so that no metadata are lost.
struct PhotoFile: Transferable {
    let url: URL

    init(url: URL) { self.url = url }

    /// A copy of someone else's file, which a cloud may first have to download.
    init(copying other: URL) throws {
        let own = try WorkFolder.file(named: other.lastPathComponent)
        let isScoped = other.startAccessingSecurityScopedResource()
        defer { if isScoped { other.stopAccessingSecurityScopedResource() } }
        var (refused, copying): (NSError?, Result<Void, any Error>) = (nil, .failure(Problem.notAPhoto))
        NSFileCoordinator().coordinate(readingItemAt: other, options: [], error: &refused) { place in
            copying = Result { try FileManager.default.copyItem(at: place, to: own) }
        }
        if let refused { throw refused }
        try copying.get()
        url = own
    }

    static var transferRepresentation: some TransferRepresentation {
        FileRepresentation(importedContentType: .image) { received in
            // The picker removes its file when this returns.
            try PhotoFile(copying: received.file)
        }
    }
}
