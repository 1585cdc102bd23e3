import Foundation
import ImageIO

/// Writes photos to files.
enum PhotoWriter {
    private static let quality = 0.95

    /// Writes restored pixels as a file of `source`'s kind, with its metadata; returns what stays behind.
    static func write(_ buffer: RGBABuffer, like source: PhotoSource, to url: URL) throws -> [Lost] {
        var properties = carriedMetadata(
            source.properties, keys: .imageIO, width: buffer.width, height: buffer.height)
        properties[kCGImageDestinationLossyCompressionQuality as String] = quality
        try autoreleasepool {
            try encode(try buffer.image(), as: source.kind, properties: properties, to: url)
        }
        guard let xmp = source.xmp, !XMP.add(xmp, to: url) else { return source.lost }
        return source.lost + [.xmp]
    }

    /// Writes `image`; `properties` are ImageIO's.
    static func encode(_ image: CGImage, as kind: FileKind, properties: [String: Any], to url: URL) throws {
        guard
            let destination = CGImageDestinationCreateWithURL(
                url as CFURL, kind.rawValue as CFString, 1, nil)
        else { throw Problem.notWritten }
        CGImageDestinationAddImage(destination, image, properties as CFDictionary)
        guard CGImageDestinationFinalize(destination) else { throw Problem.notWritten }
    }
}
