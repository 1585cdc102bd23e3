import ImageIO

extension MetadataKeys {
    /// ImageIO's keys of the metadata that Heirloom carries.
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
