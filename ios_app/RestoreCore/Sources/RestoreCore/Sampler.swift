/// Linear interpolation of a plane's values between its pixels.
struct Sampler {
    let rows: Int
    let columns: Int
    let channels: Int
    let values: [Float]

    /// Visits the `channels` values at a place, one by one; skips a place beyond the pixels' centres.
    @inline(__always)
    func sample(_ place: Point, _ take: (_ channel: Int, _ value: Float) -> Void) {
        guard place.x >= 0, place.y >= 0, place.x <= Double(columns - 1), place.y <= Double(rows - 1) else {
            return
        }
        let left = min(Int(place.x), max(columns - 2, 0))
        let upper = min(Int(place.y), max(rows - 2, 0))
        let right = min(left + 1, columns - 1)
        let lower = min(upper + 1, rows - 1)
        let across = Float(place.x - Double(left))
        let down = Float(place.y - Double(upper))
        values.withUnsafeBufferPointer { values in
            for channel in 0..<channels {
                func at(_ row: Int, _ column: Int) -> Float {
                    values[(row * columns + column) * channels + channel]
                }
                let above = at(upper, left) * (1 - across) + at(upper, right) * across
                let below = at(lower, left) * (1 - across) + at(lower, right) * across
                take(channel, above * (1 - down) + below * down)
            }
        }
    }
}

/// The part of a photo of `height` x `width` pixels under a square of `side` pixels, which `back` maps to
/// the photo's pixels: at least one pixel.
func region(_ back: Similarity, side: Int, height: Int, width: Int) -> Box {
    let (first, last) = (-0.5, Double(side) - 0.5)
    let corners = [
        Point(x: first, y: first), Point(x: last, y: first), Point(x: first, y: last),
        Point(x: last, y: last),
    ].map(back.moved)
    // A face's box may lie anywhere: coordinates far beyond the photo must still fit an `Int`.
    func whole(_ value: Double) -> Int { Int(min(1e9, max(-1e9, value))) }
    let (xs, ys) = (corners.map(\.x), corners.map(\.y))
    let top = min(height - 1, max(0, whole(ys.min()!.rounded(.down))))
    let left = min(width - 1, max(0, whole(xs.min()!.rounded(.down))))
    return Box(
        top: top, left: left, bottom: max(top + 1, min(whole(ys.max()!.rounded(.up)) + 1, height)),
        right: max(left + 1, min(whole(xs.max()!.rounded(.up)) + 1, width)))
}

/// A square window of a photo in 8 bits and three colours; `matrix` maps the photo's pixels to the
/// window's.
///
/// A photo that is shrunk is averaged first. The border pixels are repeated beyond the photo's border.
func square(_ pixels: any Pixels, _ matrix: Similarity, side: Int) -> ArrayPixels {
    let back = matrix.inverse
    let region = region(back, side: side, height: pixels.height, width: pixels.width)
    let factor = max(1, Int(min(1e6, back.scale)))
    let small = shrink(pixels, factor, region: region)
    let sampler = Sampler(
        rows: small.height, columns: small.width, channels: 3, values: small.samples.map(Float.init))
    let (wide, high) = (Double(small.width - 1), Double(small.height - 1))
    let window = ArrayPixels(height: side, width: side, colours: 3)
    var line = [UInt16](repeating: 0, count: 3 * side)
    for y in 0..<side {
        for x in 0..<side {
            let place = back.moved(Point(x: Double(x), y: Double(y)))
            let across = (place.x - Double(region.left) + 0.5) / Double(factor) - 0.5
            let down = (place.y - Double(region.top) + 0.5) / Double(factor) - 0.5
            sampler.sample(Point(x: min(wide, max(0, across)), y: min(high, max(0, down)))) {
                colour, value in
                line[3 * x + colour] = UInt16(value.rounded(.toNearestOrEven))
            }
        }
        window.write(row: y, left: 0, count: side, from: line)
    }
    return window
}

/// The aligned face.
func take(_ pixels: any Pixels, _ face: Face) -> ArrayPixels {
    square(pixels, face.matrix, side: AlignedFace.side)
}
