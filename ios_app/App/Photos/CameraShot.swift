import Foundation
import ImageIO

/// What the system's camera screen returns: a decoded picture, never a file. Unchecked, because neither the
/// picture nor its metadata, a property list, ever changes.
struct CameraShot: @unchecked Sendable {
    let image: CGImage
    /// EXIF's number: its pixels lie as on the sensor.
    let orientation: Int
    let metadata: [String: Any]

    /// Writes the picture to a file, at the highest quality and with the camera's metadata.
    func written() throws -> PhotoFile {
        let url = try WorkFolder.file(named: "Photo.jpg")
        var properties = metadata
        properties[kCGImagePropertyOrientation as String] = orientation
        properties[kCGImageDestinationLossyCompressionQuality as String] = 1.0
        try PhotoWriter.encode(image, as: .jpeg, properties: properties, to: url)
        return PhotoFile(url: url)
    }
}
