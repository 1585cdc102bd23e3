import SwiftUI
import UIKit

/// The system's camera screen.
struct CameraPicker: UIViewControllerRepresentable {
    /// Called once, with nil where nothing was taken.
    let finished: (CameraShot?) -> Void

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
        private let finished: (CameraShot?) -> Void

        init(_ finished: @escaping (CameraShot?) -> Void) {
            self.finished = finished
        }

        func imagePickerController(
            _ picker: UIImagePickerController,
            didFinishPickingMediaWithInfo info: [UIImagePickerController.InfoKey: Any]
        ) {
            guard let picture = info[.originalImage] as? UIImage, let image = picture.cgImage else {
                return finished(nil)
            }
            finished(
                CameraShot(
                    image: image, orientation: picture.imageOrientation.exif,
                    metadata: info[.mediaMetadata] as? [String: Any] ?? [:]))
        }

        func imagePickerControllerDidCancel(_ picker: UIImagePickerController) {
            finished(nil)
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
