import Foundation
import Photos

/// The device's photo library, which Heirloom adds to and never reads: the picker returns photos.
enum PhotoLibrary {
    /// Adds the photo in `file`, its metadata with it.
    ///
    /// Not on the main actor: Photos calls the closure on a queue of its own, where a closure of the main
    /// actor would stop the app.
    static func add(_ file: URL) async throws {
        guard await PHPhotoLibrary.requestAuthorization(for: .addOnly) == .authorized else {
            throw Problem.libraryRefused
        }
        try await PHPhotoLibrary.shared().performChanges {
            PHAssetCreationRequest.forAsset().addResource(with: .photo, fileURL: file, options: nil)
        }
    }
}
