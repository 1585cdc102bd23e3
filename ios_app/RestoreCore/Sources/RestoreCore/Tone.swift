/// Tone: the thumbnail that the tone network sees, and the curves that it returns.
enum Tone {
    /// Curves that on average move the photo's own levels by less are not applied: what is left of them is
    /// the network's uncertainty, and a good photo must come out as it went in.
    static let leastChange = 0.03

    /// Knots are rounded to this part of 1, so that the last bits of a float library don't decide a pixel's
    /// level.
    private static let curveGrid = 1024.0

    /// Mean colour, 0...1, of the undamaged pixels in each of `side` x `side` squares of the shrunk photo,
    /// whose pixels have a value each in `damaged`. A square that is all damage gets the photo's mean.
    ///
    /// Squares overlap by a pixel where a side is not a multiple, and more where it is too short.
    static func thumbnail(_ small: ArrayPixels, damaged: [Bool]?, side: Int) -> [Float] {
        let samples = small.samples
        let damaged = damaged?.contains(false) == true ? damaged : nil
        func sum(_ box: Box) -> (colours: [Int], count: Int) {
            var (sums, count) = ([0, 0, 0], 0)
            for row in box.top..<box.bottom {
                for place in row * small.width + box.left..<row * small.width + box.right
                where damaged?[place] != true {
                    for colour in 0..<3 { sums[colour] += Int(samples[3 * place + colour]) }
                    count += 1
                }
            }
            return (sums, count)
        }
        let overall = sum(Box(top: 0, left: 0, bottom: small.height, right: small.width))
        var values = [Float]()
        for row in 0..<side {
            for column in 0..<side {
                let square = sum(
                    Box(
                        top: row * small.height / side, left: column * small.width / side,
                        bottom: parts(of: (row + 1) * small.height, side),
                        right: parts(of: (column + 1) * small.width, side)))
                let (sums, count) = square.count > 0 ? square : overall
                values += sums.map { Float(Double($0) / Double(count) / 255) }
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

    /// By how much the curves would move the photo's levels, on average over pixels and colours, 0...1.
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

    /// Sends pixels through the curves, in place; gray ones through the mean.
    static func apply(_ knots: [[Double]], to pixels: any Pixels, strength: Double) {
        let top = Double(pixels.top)
        let levels = (0...pixels.top).map { Double($0) / top }
        let lookups = (pixels.colours == 1 ? [mean(knots)] : knots).map { knots in
            zip(levels, curve(knots, levels)).map { level, moved in
                UInt16(((level + strength * (moved - level)) * top).rounded(.toNearestOrEven))
            }
        }
        var line = [UInt16](repeating: 0, count: pixels.width * pixels.colours)
        for row in 0..<pixels.height {
            pixels.read(row: row, left: 0, count: pixels.width, into: &line)
            for (colour, lookup) in lookups.enumerated() {
                line.withUnsafeMutableBufferPointer { line in
                    lookup.withUnsafeBufferPointer { lookup in
                        for place in stride(from: colour, to: line.count, by: lookups.count) {
                            line[place] = lookup[Int(line[place])]
                        }
                    }
                }
            }
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
