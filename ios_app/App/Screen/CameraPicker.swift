import ImageIO
import SwiftUI
import UIKit

/// The system's camera screen.
///
/// It hands over a decoded picture, never a file; the picture is therefore written to one, at the highest
/// quality and with what the camera noted.
struct CameraPicker: UIViewControllerRepresentable {
    /// Called once, with nil where nothing was taken.
    let finished: (PhotoFile?) -> Void

    /// False in the Simulator.
    static var isAvailable: Bool {
        UIImagePickerController.isSourceTypeAvailable(.camera)
    }

    func makeUIViewController(context: Context) -> UIImagePickerController {
        let controller = UIImagePickerController()
        controller.sourceType = .camera
        controller.delegate = context.coordinator
        return controller
    }

    func updateUIViewController(_ controller: UIImagePickerController, context: Context) {}

    func makeCoordinator() -> Coordinator {
        Coordinator(finished)
    }

    final class Coordinator: NSObject, UINavigationControllerDelegate, UIImagePickerControllerDelegate {
        private let finished: (PhotoFile?) -> Void

        init(_ finished: @escaping (PhotoFile?) -> Void) {
            self.finished = finished
        }

        func imagePickerController(
            _ picker: UIImagePickerController,
            didFinishPickingMediaWithInfo info: [UIImagePickerController.InfoKey: Any]
        ) {
            let image = (info[.originalImage] as? UIImage)?.cgImage
            let notes = info[.mediaMetadata] as? [String: Any]
            finished(image.flatMap { try? Self.written($0, notes: notes ?? [:]) })
        }

        func imagePickerControllerDidCancel(_ picker: UIImagePickerController) {
            finished(nil)
        }

        private static func written(_ image: CGImage, notes: [String: Any]) throws -> PhotoFile {
            let url = try WorkFolder.file(named: "Photo.jpg")
            var properties = notes
            properties[kCGImageDestinationLossyCompressionQuality as String] = 1.0
            try PhotoWriter.encode(image, as: .jpeg, properties: properties, to: url)
            return PhotoFile(url: url)
        }
    }
}
