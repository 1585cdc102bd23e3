// swift-format-ignore-file
// The names are Apple's.
@_exported import CoreGraphics

public final class CGImageSource {}
public final class CGImageDestination {}
public class CGImageMetadata {}
public final class CGMutableImageMetadata: CGImageMetadata {}
public final class CGImageMetadataTag {}

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

public func CGImageSourceGetCount(_ isrc: CGImageSource) -> Int { 0 }
public func CGImageSourceCopyAuxiliaryDataInfoAtIndex(
    _ isrc: CGImageSource, _ index: Int, _ auxiliaryImageDataType: CFString
) -> CFDictionary? { nil }

public func CGImageSourceCopyMetadataAtIndex(
    _ isrc: CGImageSource, _ index: Int, _ options: CFDictionary?
) -> CGImageMetadata? { nil }
public func CGImageMetadataCreateMutable() -> CGMutableImageMetadata { fatalError() }
public func CGImageMetadataCopyTags(_ metadata: CGImageMetadata) -> CFArray? { nil }
public func CGImageMetadataEnumerateTagsUsingBlock(
    _ metadata: CGImageMetadata, _ rootPath: CFString?, _ options: CFDictionary?,
    _ block: @escaping (CFString, CGImageMetadataTag) -> Bool
) {}
public func CGImageMetadataTagCopyPrefix(_ tag: CGImageMetadataTag) -> CFString? { nil }
public func CGImageMetadataTagCopyNamespace(_ tag: CGImageMetadataTag) -> CFString? { nil }
public func CGImageMetadataRegisterNamespaceForPrefix(
    _ metadata: CGMutableImageMetadata, _ xmlns: CFString, _ prefix: CFString,
    _ err: UnsafeMutablePointer<Unmanaged<CFError>?>?
) -> Bool { false }
public func CGImageMetadataSetTagWithPath(
    _ metadata: CGMutableImageMetadata, _ parent: CGImageMetadataTag?, _ path: CFString,
    _ tag: CGImageMetadataTag
) -> Bool { false }
public func CGImageDestinationCopyImageSource(
    _ idst: CGImageDestination, _ isrc: CGImageSource, _ options: CFDictionary?,
    _ err: UnsafeMutablePointer<Unmanaged<CFError>?>?
) -> Bool { false }

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
public let kCGImageDestinationMetadata: CFString = ""
public let kCGImageDestinationMergeMetadata: CFString = ""
public let kCGImageAuxiliaryDataTypeDepth: CFString = ""
public let kCGImageAuxiliaryDataTypeDisparity: CFString = ""
public let kCGImageAuxiliaryDataTypeHDRGainMap: CFString = ""
public let kCGImagePropertyDepth: CFString = ""
public let kCGImagePropertyMakerAppleDictionary: CFString = ""
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
