/// Tone: the tone network's input, a thumbnail, and its output, curves.
enum Tone {
    /// Minimum mean change of the photo's own levels at which curves are applied: smaller ones are the
    /// network's uncertainty, and a good photo must stay unchanged.
    static let minChange = 0.03

    /// Knots are rounded to this part of 1, so that the last bits of a float library don't decide a pixel's
    /// level.
    private static let curveGrid = 1024.0

    /// Mean colour, 0...1, in each of `side` x `side` squares of the shrunk photo.
    ///
    /// Squares overlap by a pixel where a side is not a multiple, and more where it is too short.
    static func thumbnail(_ small: ArrayPixels, side: Int) -> [Float] {
        let samples = small.samples
        var values = [Float]()
        for row in 0..<side {
            let rows = row * small.height / side..<parts(of: (row + 1) * small.height, side)
            for column in 0..<side {
                let columns = column * small.width / side..<parts(of: (column + 1) * small.width, side)
                for colour in 0..<3 {
                    var sum = 0
                    for y in rows {
                        for x in columns { sum += Int(samples[3 * (y * small.width + x) + colour]) }
                    }
                    values.append(Float(Double(sum) / Double(rows.count * columns.count) / 255))
                }
            }
        }
        return values
    }

    /// A curve for each colour, as knots at equal distances from black to white, from the network's steps:
    /// three times `count` values. Step 0 is the value at black, later ones are rises; negative rises count
    /// as none.
    ///
    /// Knots may lie outside 0...1: a curve is clipped between its knots, as in training, and not at them.
    static func curves(_ steps: [Float], count: Int) -> [[Double]] {
        (0..<3).map { colour in
            var height = 0.0
            return (0..<count).map { index in
                let step = Double(steps[colour * count + index])
                height += index == 0 ? step : max(0, step)
                return (height * curveGrid).rounded(.toNearestOrEven) / curveGrid
            }
        }
    }

    /// The mean of three curves.
    static func mean(_ knots: [[Double]]) -> [Double] {
        knots[0].indices.map { (knots[0][$0] + knots[1][$0] + knots[2][$0]) / 3 }
    }

    /// The mean change of the photo's levels by the curves, over pixels and colours, 0...1.
    static func change(_ knots: [[Double]], _ small: ArrayPixels) -> Double {
        let levels = (0..<256).map { Double($0) / 255 }
        var counts = [[Int]](repeating: [Int](repeating: 0, count: 256), count: 3)
        for (index, sample) in small.samples.enumerated() { counts[index % 3][Int(sample)] += 1 }
        var total = 0.0
        for colour in 0..<3 {
            let moved = curve(knots[colour], levels)
            var sum = 0.0
            for level in 0..<256 {
                sum += abs(moved[level] - levels[level]) * Double(counts[colour][level])
            }
            total += sum / Double(small.height * small.width)
        }
        return total / 3
    }

    /// Maps the colours of pixels by their curves, in place. Throws `CancellationError` between rows.
    static func applyCurves(_ knots: [[Double]], to pixels: any Pixels, strength: Double) throws {
        let lookups = knots.map { lookup($0, top: pixels.top, strength: strength) }
        try overwrite(pixels) { line in
            for (colour, lookup) in lookups.enumerated() {
                lookup.withUnsafeBufferPointer { lookup in
                    for place in stride(from: colour, to: line.count, by: 3) {
                        line[place] = lookup[Int(line[place])]
                    }
                }
            }
        }
    }

    /// Moves the lightness of pixels along the mean curve, in place.
    ///
    /// All colours of a pixel change by the same number of levels, so that a photo of one hue keeps it. Throws
    /// `CancellationError` between rows.
    static func applyToLightness(_ knots: [[Double]], to pixels: any Pixels, strength: Double) throws {
        let (top, colours) = (pixels.top, pixels.colours)
        let change = lookup(mean(knots), top: top, strength: strength).enumerated().map { Int($1) - $0 }
        try overwrite(pixels) { line in
            for first in stride(from: 0, to: line.count, by: colours) {
                let (red, last) = (Int(line[first]), first + colours - 1)
                let light =
                    colours == 1 ? red : Hue.lightness(red, Int(line[first + 1]), Int(line[last]))
                for place in first...last {
                    line[place] = UInt16(min(top, max(0, Int(line[place]) + change[light])))
                }
            }
        }
    }

    /// The new level of each level.
    private static func lookup(_ knots: [Double], top: Int, strength: Double) -> [UInt16] {
        let levels = (0...top).map { Double($0) / Double(top) }
        return zip(levels, curve(knots, levels)).map { level, moved in
            UInt16(((level + strength * (moved - level)) * Double(top)).rounded(.toNearestOrEven))
        }
    }

    @inline(__always)
    private static func overwrite(
        _ pixels: any Pixels, _ change: (UnsafeMutableBufferPointer<UInt16>) -> Void
    ) throws {
        var line = [UInt16](repeating: 0, count: pixels.width * pixels.colours)
        for row in 0..<pixels.height {
            try Task.checkCancellation()
            pixels.read(row: row, left: 0, count: pixels.width, into: &line)
            line.withUnsafeMutableBufferPointer { change($0) }
            pixels.write(row: row, left: 0, count: pixels.width, from: line)
        }
    }

    /// The curve at ascending `levels` in 0...1, interpolated linearly.
    private static func curve(_ knots: [Double], _ levels: [Double]) -> [Double] {
        let last = knots.count - 1
        let step = 1 / Double(last)
        let places = (0...last).map { $0 == last ? 1 : Double($0) * step }
        var left = 0
        return levels.map { level in
            while left < last, places[left + 1] <= level { left += 1 }
            guard left < last, level != places[left] else { return min(1, max(0, knots[left])) }
            let slope = (knots[left + 1] - knots[left]) / (places[left + 1] - places[left])
            return min(1, max(0, slope * (level - places[left]) + knots[left]))
        }
    }
}
