/// The file format of a restored photo.
enum FileKind: String {
    case heic = "public.heic"
    case jpeg = "public.jpeg"
    case png = "public.png"

    /// The format for a source: JPEG and HEIC stay; everything else, and any photo with alpha, becomes PNG.
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
