import ImageIO
import SwiftUI
import UIKit

/// The system's camera screen.
///
/// It returns a decoded picture, never a file; the picture is therefore written to one, at the highest
/// quality and with the camera's metadata.
struct CameraPicker: UIViewControllerRepresentable {
    /// Called once, with nil where nothing was taken.
    let finished: (PhotoFile?) -> Void

    /// Whether there is a camera: not in the Simulator.
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
            let picture = info[.originalImage] as? UIImage
            let notes = info[.mediaMetadata] as? [String: Any]
            finished(picture.flatMap { try? Self.written($0, notes: notes ?? [:]) })
        }

        func imagePickerControllerDidCancel(_ picker: UIImagePickerController) {
            finished(nil)
        }

        private static func written(_ picture: UIImage, notes: [String: Any]) throws -> PhotoFile {
            guard let image = picture.cgImage else { throw AppError.notAPhoto }
            let url = try WorkFolder.file(named: "Photo.jpg")
            var properties = notes
            // Its pixels lie as on the sensor, and metadata may be missing.
            properties[kCGImagePropertyOrientation as String] = picture.imageOrientation.exif
            properties[kCGImageDestinationLossyCompressionQuality as String] = 1.0
            try PhotoWriter.encode(image, as: .jpeg, properties: properties, to: url)
            return PhotoFile(url: url)
        }
    }
}

extension UIImage.Orientation {
    /// The EXIF number of the orientation.
    fileprivate var exif: Int {
        switch self {
        case .up: 1
        case .upMirrored: 2
        case .down: 3
        case .downMirrored: 4
        case .leftMirrored: 5
        case .right: 6
        case .rightMirrored: 7
        case .left: 8
        @unknown default: 1
        }
    }
}
