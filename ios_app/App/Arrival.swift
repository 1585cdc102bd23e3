import Foundation
import PhotosUI
import SwiftUI

/// A photo that was chosen, taken or sent here; its file is fetched when its turn comes.
struct Arrival: Sendable {
    /// Fetches the photo's file. Not on the main actor; may take long, and may not stop when it is cancelled.
    let load: @Sendable () async throws -> PhotoFile

    init(load: @escaping @Sendable () async throws -> PhotoFile) {
        self.load = load
    }

    /// A photo of the library, as it is there.
    init(_ item: PhotosPickerItem) {
        self.init {
            guard let file = try await item.loadTransferable(type: PhotoFile.self) else {
                throw Problem.notAPhoto
            }
            return file
        }
    }

    /// A file of another app or of a cloud, which is copied.
    init(_ url: URL) {
        self.init {
            let file = try PhotoFile(copying: url)
            WorkFolder.removeSent(url)
            return file
        }
    }

    /// A picture of the camera, which is encoded.
    init(_ shot: CameraShot) {
        self.init { try shot.written() }
    }
}
