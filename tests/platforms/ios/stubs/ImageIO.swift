// swift-format-ignore-file
// The names are Apple's.
@_exported import CoreGraphics

public final class CGImageSource {}
public final class CGImageDestination {}

public func CGImageSourceCreateWithURL(_ url: CFURL, _ options: CFDictionary?) -> CGImageSource? { nil }
public func CGImageSourceGetType(_ isrc: CGImageSource) -> CFString? { nil }
public func CGImageSourceCopyPropertiesAtIndex(
    _ isrc: CGImageSource, _ index: Int, _ options: CFDictionary?
) -> CFDictionary? { nil }
public func CGImageSourceCreateImageAtIndex(
    _ isrc: CGImageSource, _ index: Int, _ options: CFDictionary?
) -> CGImage? { nil }
public func CGImageSourceCreateThumbnailAtIndex(
    _ isrc: CGImageSource, _ index: Int, _ options: CFDictionary?
) -> CGImage? { nil }

public func CGImageDestinationCreateWithURL(
    _ url: CFURL, _ type: CFString, _ count: Int, _ options: CFDictionary?
) -> CGImageDestination? { nil }
public func CGImageDestinationAddImage(
    _ idst: CGImageDestination, _ image: CGImage, _ properties: CFDictionary?
) {}
public func CGImageDestinationFinalize(_ idst: CGImageDestination) -> Bool { false }

public let kCGImageSourceShouldCache: CFString = ""
public let kCGImageSourceShouldCacheImmediately: CFString = ""
public let kCGImageSourceCreateThumbnailFromImageAlways: CFString = ""
public let kCGImageSourceCreateThumbnailWithTransform: CFString = ""
public let kCGImageSourceThumbnailMaxPixelSize: CFString = ""
public let kCGImageDestinationLossyCompressionQuality: CFString = ""
public let kCGImagePropertyPixelWidth: CFString = ""
public let kCGImagePropertyPixelHeight: CFString = ""
public let kCGImagePropertyOrientation: CFString = ""
public let kCGImagePropertyHasAlpha: CFString = ""
public let kCGImagePropertyDPIWidth: CFString = ""
public let kCGImagePropertyDPIHeight: CFString = ""
public let kCGImagePropertyExifDictionary: CFString = ""
public let kCGImagePropertyExifAuxDictionary: CFString = ""
public let kCGImagePropertyExifPixelXDimension: CFString = ""
public let kCGImagePropertyExifPixelYDimension: CFString = ""
public let kCGImagePropertyGPSDictionary: CFString = ""
public let kCGImagePropertyIPTCDictionary: CFString = ""
public let kCGImagePropertyTIFFDictionary: CFString = ""
public let kCGImagePropertyTIFFOrientation: CFString = ""
