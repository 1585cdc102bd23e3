import CoreTransferable
import Foundation
import UniformTypeIdentifiers

/// A photo as it was picked or taken, as its file's own bytes, so that no metadata are lost.
struct PhotoFile: Transferable {
    let url: URL

    static var transferRepresentation: some TransferRepresentation {
        FileRepresentation(importedContentType: .image) { received in
            // The picker removes its file when this returns.
            let own = try WorkFolder.file(named: received.file.lastPathComponent)
            try FileManager.default.copyItem(at: received.file, to: own)
            return PhotoFile(url: own)
        }
    }
}
