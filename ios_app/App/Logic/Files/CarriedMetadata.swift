/// The keys of a photo's metadata in the system's image reader and writer.
struct MetadataKeys {
    /// Entries that are carried unchanged: groups (EXIF, GPS, TIFF, IPTC) and single values (resolution).
    let carried: [String]
    let orientation: String
    let tiff: String
    let tiffOrientation: String
    let exif: String
    let exifWidth: String
    let exifHeight: String
}

/// The metadata of `source` for the restored photo's file, whose pixels are upright.
///
/// Everything not named in `keys.carried` stays behind: it describes pixels that are gone (depth, gain
/// map, thumbnail), or ties the file to another one (a maker's note does, for Live Photos).
func carriedMetadata(
    _ source: [String: Any], keys: MetadataKeys, width: Int, height: Int
) -> [String: Any] {
    var result = source.filter { keys.carried.contains($0.key) }
    result[keys.orientation] = 1
    if var tiff = result[keys.tiff] as? [String: Any] {
        tiff[keys.tiffOrientation] = 1
        result[keys.tiff] = tiff
    }
    if var exif = result[keys.exif] as? [String: Any] {
        exif[keys.exifWidth] = width
        exif[keys.exifHeight] = height
        result[keys.exif] = exif
    }
    return result
}
