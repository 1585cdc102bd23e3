/// What a restored photo is saved as.
enum FileKind: String {
    case heic = "public.heic"
    case jpeg = "public.jpeg"
    case png = "public.png"

    /// JPEG and HEIC stay what they are; everything else, and whatever has alpha, loses nothing in a PNG.
    init(sourceType: String, hasAlpha: Bool) {
        self =
            switch sourceType {
            case _ where hasAlpha: .png
            case "public.jpeg": .jpeg
            case "public.heic", "public.heif": .heic
            default: .png
            }
    }

    /// The file name's ending.
    var suffix: String {
        switch self {
        case .heic: "heic"
        case .jpeg: "jpg"
        case .png: "png"
        }
    }
}
