/// What a photo's file may have and the restored photo's has not.
enum Lost: CaseIterable {
    case deepColour, otherPictures, depth, gainMap, makersNote, xmp

    /// What is lost of a file, XMP aside, of which the writer knows.
    static func all(of file: FileTraits) -> [Lost] {
        var lost = [Lost]()
        if file.bits > 8 { lost.append(.deepColour) }
        if file.pictures > 1 { lost.append(.otherPictures) }
        if file.hasDepth { lost.append(.depth) }
        if file.hasGainMap { lost.append(.gainMap) }
        if file.hasMakersNote { lost.append(.makersNote) }
        return lost
    }
}

/// What a photo's file has beyond one picture of 8 bits.
struct FileTraits {
    /// Bits of a sample.
    let bits: Int
    let pictures: Int
    let hasDepth: Bool
    let hasGainMap: Bool
    let hasMakersNote: Bool
}

/// Whether XMP of this prefix is carried. EXIF and TIFF have groups of their own and state size and orientation; areas,
/// gain maps and histories of edits hold for the old pixels alone.
func carriesXMP(_ prefix: String) -> Bool {
    let technical: Set = [
        "exif", "exifEX", "aux", "tiff", "HDRGainMap", "hdrgm", "apple-fi", "mwg-rs", "stArea", "crs",
        "xmpMM",
        "GPano", "GDepth", "GImage", "Container", "Item",
    ]
    return !technical.contains(prefix)
}
