import ImageIO

extension MetadataKeys {
    /// ImageIO's names, and what Heirloom carries from file to file.
    static let imageIO = MetadataKeys(
        carried: [
            kCGImagePropertyExifDictionary, kCGImagePropertyExifAuxDictionary,
            kCGImagePropertyGPSDictionary, kCGImagePropertyIPTCDictionary,
            kCGImagePropertyTIFFDictionary, kCGImagePropertyDPIWidth, kCGImagePropertyDPIHeight,
        ].map { $0 as String },
        orientation: kCGImagePropertyOrientation as String,
        tiff: kCGImagePropertyTIFFDictionary as String,
        tiffOrientation: kCGImagePropertyTIFFOrientation as String,
        exif: kCGImagePropertyExifDictionary as String,
        exifWidth: kCGImagePropertyExifPixelXDimension as String,
        exifHeight: kCGImagePropertyExifPixelYDimension as String)
}
