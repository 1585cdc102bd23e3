/// The transform that draws a stored picture upright.
///
/// `x' = a x + c y + tx` and `y' = b x + d y + ty`, with y upwards as Core Graphics draws.
struct Upright: Equatable {
    let a: Double
    let b: Double
    let c: Double
    let d: Double
    private(set) var tx: Double
    private(set) var ty: Double
    /// Width in pixels, upright.
    private(set) var width: Int
    /// Height in pixels, upright.
    private(set) var height: Int

    /// `orientation` is EXIF's, 1 to 8 (anything else is taken as 1); the sides are the stored picture's.
    init(orientation: Int, width: Int, height: Int) {
        let (w, h) = (Double(width), Double(height))
        (a, b, c, d, tx, ty) =
            switch orientation {
            case 2: (-1, 0, 0, 1, w, 0)
            case 3: (-1, 0, 0, -1, w, h)
            case 4: (1, 0, 0, -1, 0, h)
            case 5: (0, -1, -1, 0, h, w)
            case 6: (0, -1, 1, 0, 0, w)
            case 7: (0, 1, 1, 0, 0, 0)
            case 8: (0, 1, -1, 0, h, 0)
            default: (1, 0, 0, 1, 0, 0)
            }
        (self.width, self.height) = (5...8).contains(orientation) ? (height, width) : (width, height)
    }

    /// The transform that draws a part of the upright picture alone.
    func cropped(to crop: Crop) -> Upright {
        var part = self
        part.tx -= Double(crop.left)
        part.ty -= Double(height - crop.top - crop.height)
        (part.width, part.height) = (crop.width, crop.height)
        return part
    }
}
