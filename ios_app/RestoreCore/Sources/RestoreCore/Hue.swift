/// Hue: the lightness of a pixel, and whether a photo is gray or toned in one hue (sepia, cyanotype).
enum Hue {
    /// Levels by which red and blue, relative to green, may differ from the mean at a pixel's lightness.
    private static let tolerance = 10

    /// Minimum share of a photo's pixels within the tolerance for it to have one hue.
    private static let share = 0.98

    /// Levels by which the lightness of a sheet without a picture may differ from its mean, noise included.
    private static let flat = 8

    private static let bins = 32

    /// Lightness in the colours' own levels, rounded.
    @inline(__always)
    static func lightness(_ red: Int, _ green: Int, _ blue: Int) -> Int {
        (77 * red + 150 * green + 29 * blue + 128) >> 8
    }

    /// The lightness of each pixel of a picture, in 8 bits.
    static func lightness(of picture: any Pixels) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: picture.height * picture.width) { light, count in
            forEach(picture) { place, red, green, blue in
                light[place] = UInt8(truncatingIfNeeded: lightness(red, green, blue))
            }
            count = picture.height * picture.width
        }
    }

    /// Whether a shrunk photo has one hue: its colour depends on its lightness alone. Integers only, so
    /// that every platform decides alike.
    static func isOne(_ small: ArrayPixels) -> Bool {
        var counts = [Int](repeating: 0, count: bins)
        var (reds, blues) = (counts, counts)
        forEach(small) { _, red, green, blue in
            let bin = lightness(red, green, blue) / (256 / bins)
            counts[bin] += 1
            reds[bin] += red - green
            blues[bin] += blue - green
        }
        for bin in 0..<bins {
            reds[bin] = floored(reds[bin], max(1, counts[bin]))
            blues[bin] = floored(blues[bin], max(1, counts[bin]))
        }
        var within = 0
        forEach(small) { _, red, green, blue in
            let bin = lightness(red, green, blue) / (256 / bins)
            let away = max(abs(red - green - reds[bin]), abs(blue - green - blues[bin]))
            if away <= tolerance { within += 1 }
        }
        return Double(within) >= share * Double(small.height * small.width)
    }

    /// Whether a shrunk photo is a sheet without a picture, whose tone nothing tells: `share` of its pixels
    /// have much the same lightness.
    static func isFlat(_ small: ArrayPixels) -> Bool {
        let levels = lightness(of: small)
        let mean = levels.reduce(0) { $0 + Int($1) } / levels.count
        let within = levels.reduce(0) { $0 + (abs(Int($1) - mean) <= flat ? 1 : 0) }
        return Double(within) >= share * Double(levels.count)
    }

    /// Visits the colours of each pixel in 8 bits, row by row.
    @inline(__always)
    private static func forEach(_ picture: any Pixels, _ take: (Int, Int, Int, Int) -> Void) {
        var rows = SeenRows(picture, left: 0, right: picture.width)
        var line = [UInt8](repeating: 0, count: 3 * picture.width)
        for row in 0..<picture.height {
            rows.read(row, into: &line)
            line.withUnsafeBufferPointer { line in
                for column in 0..<picture.width {
                    let (red, green, blue) = (line[3 * column], line[3 * column + 1], line[3 * column + 2])
                    take(row * picture.width + column, Int(red), Int(green), Int(blue))
                }
            }
        }
    }
}
