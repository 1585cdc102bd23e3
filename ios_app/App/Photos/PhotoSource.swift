import Foundation
import ImageIO

/// A photo's file: its metadata and pixels.
struct PhotoSource {
    /// Maximum pixels of a photo: those of a camera of 48 megapixels (8064 by 6048).
    static let maxPixels = 49_000_000

    /// All properties that ImageIO reads in the file.
    let properties: [String: Any]
    /// The photo's orientation and upright size.
    let upright: Upright
    let hasAlpha: Bool
    /// The format of the restored photo.
    let kind: FileKind
    private let source: CGImageSource

    /// XMP that the groups of metadata do not have; nil if there is none.
    var xmp: CGImageMetadata? { XMP.carried(from: source) }

    /// What the file has and a restored one will not.
    var lost: [Lost] {
        func has(_ kind: CFString) -> Bool {
            CGImageSourceCopyAuxiliaryDataInfoAtIndex(source, 0, kind) != nil
        }
        return Lost.all(
            of: FileTraits(
                bits: properties[kCGImagePropertyDepth as String] as? Int ?? 8,
                pictures: CGImageSourceGetCount(source),
                hasDepth: has(kCGImageAuxiliaryDataTypeDepth) || has(kCGImageAuxiliaryDataTypeDisparity),
                hasGainMap: has(kCGImageAuxiliaryDataTypeHDRGainMap),
                hasMakersNote: properties[kCGImagePropertyMakerAppleDictionary as String] != nil))
    }

    /// Opens the file without decoding it.
    init(_ url: URL) throws {
        // Pixels are decoded once, into memory of ours; a cached copy would double what is needed.
        let options: [CFString: Any] = [kCGImageSourceShouldCache: false]
        guard let source = CGImageSourceCreateWithURL(url as CFURL, options as CFDictionary),
            let type = CGImageSourceGetType(source),
            let properties = CGImageSourceCopyPropertiesAtIndex(source, 0, nil) as? [String: Any],
            let width = properties[kCGImagePropertyPixelWidth as String] as? Int,
            let height = properties[kCGImagePropertyPixelHeight as String] as? Int,
            width > 0, height > 0
        else { throw Problem.notAPhoto }
        guard width <= Self.maxPixels / height else {
            throw Problem.tooLarge(megapixels: Int((Double(width) * Double(height) / 1e6).rounded()))
        }
        self.source = source
        self.properties = properties
        upright = Upright(
            orientation: properties[kCGImagePropertyOrientation as String] as? Int ?? 1,
            width: width, height: height)
        hasAlpha = properties[kCGImagePropertyHasAlpha as String] as? Bool ?? false
        kind = FileKind(sourceType: type as String, hasAlpha: hasAlpha)
    }

    /// The pixels, all or those of `crop`: upright, 8 bits, sRGB, or Display P3 if the file's colours go beyond
    /// sRGB. Takes the memory of the whole photo either way.
    func decoded(_ crop: Crop? = nil) throws -> RGBABuffer {
        let upright = crop.map { upright.cropped(to: $0) } ?? upright
        let options: [CFString: Any] = [kCGImageSourceShouldCache: false]
        guard let image = CGImageSourceCreateImageAtIndex(source, 0, options as CFDictionary) else {
            throw Problem.notAPhoto
        }
        let buffer = try RGBABuffer(
            width: upright.width, height: upright.height, hasAlpha: hasAlpha,
            isWide: image.colorSpace?.isWideGamutRGB ?? false)
        try autoreleasepool { try buffer.draw(image, as: upright) }
        return buffer
    }

    /// The photo shrunk, upright, its long side at most `side` pixels.
    func thumbnail(side: Int = 2048) throws -> Picture {
        let options: [CFString: Any] = [
            kCGImageSourceCreateThumbnailFromImageAlways: true,
            kCGImageSourceCreateThumbnailWithTransform: true,
            kCGImageSourceThumbnailMaxPixelSize: side,
            // Here, and not on the main thread when it is first drawn.
            kCGImageSourceShouldCacheImmediately: true,
        ]
        guard let image = CGImageSourceCreateThumbnailAtIndex(source, 0, options as CFDictionary) else {
            throw Problem.notAPhoto
        }
        return Picture(image: image)
    }
}
