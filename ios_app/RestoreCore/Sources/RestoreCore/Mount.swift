/// Finding the picture within a photo's mount: an album page, a print's white border, a scanner's lid.
///
/// A mount has one colour on at least three sides, and at its inner edge nearly all pixels stop having it at
/// once: a sky, a backdrop or a vignette is none. It is found in the photo shrunk, then its edges are placed
/// in the photo's own pixels. Integers only, so that every platform decides alike.
enum Mount {
    /// Longer side in pixels of the picture that is searched.
    private static let largestSide = 1024

    /// Maximum number of borders within each other: a scanner's lid, a page and a print's own border.
    private static let maxBorders = 3

    /// Shorter side in pixels of the smallest picture with a mount.
    private static let smallestSide = 32

    /// Levels by which three fifths of the outermost pixels may differ from their median colour.
    private static let maxSpread = 16

    /// The least and the most levels by which the mount's pixels may differ from its colour.
    private static let (minTolerance, maxTolerance) = (10, 32)

    /// Minimum number of sides with a border.
    private static let minSides = 3

    /// The picture within the photo's mount, in pixels; nil where there is none.
    static func picture(in pixels: any Pixels) -> Box? {
        let factor = parts(of: max(pixels.height, pixels.width), largestSide)
        let small = shrink(pixels, factor)
        let whole = Box(top: 0, left: 0, bottom: pixels.height, right: pixels.width)
        var seen = Box(top: 0, left: 0, bottom: small.height, right: small.width)
        var exact = whole
        for _ in 0..<maxBorders {
            guard let border = border(of: small, in: seen) else { break }
            exact = border.placed(in: pixels, seen, exact, factor)
            seen = border.inside
        }
        return exact == whole ? nil : exact
    }

    /// The outermost border in the part of `picture` in `box`; nil if it has none.
    private static func border(of picture: ArrayPixels, in box: Box) -> Border? {
        let (height, width) = (box.rows, box.columns)
        let least = min(height, width)
        guard least >= smallestSide else { return nil }
        let outermost = outermost(picture, box, rim: max(1, least / 128))
        let colour: [Int] = (0..<3).map { (index: Int) -> Int in
            let levels: [Int] = outermost.map { $0[index] }
            return levels.sorted()[levels.count / 2]
        }
        var spreads: [Int] = outermost.map { (pixel: [Int]) -> Int in
            max(abs(pixel[0] - colour[0]), max(abs(pixel[1] - colour[1]), abs(pixel[2] - colour[2])))
        }
        spreads.sort()
        let spread = spreads[spreads.count * 3 / 5]
        guard spread <= maxSpread else { return nil }
        let tolerance = min(maxTolerance, max(minTolerance, 2 * spread + 6))
        let strange = Border(colour: colour, tolerance: tolerance, inside: box).strange(picture, box)
        guard let found = span(strange, gap: max(1, least / 100)) else { return nil }
        let thick = max(2, least / 100)
        let (top, bottom) = (found.top >= thick, height - found.bottom >= thick)
        let (left, right) = (found.left >= thick, width - found.right >= thick)
        guard [top, bottom, left, right].filter({ $0 }).count >= minSides else { return nil }
        let inside = Box(
            top: top ? found.top : 0, left: left ? found.left : 0, bottom: bottom ? found.bottom : height,
            right: right ? found.right : width)
        guard 5 * inside.rows >= height, 5 * inside.columns >= width else { return nil }
        let turned = Box(
            top: inside.left, left: inside.top, bottom: inside.right, right: inside.bottom)
        let values: [Bool] = (0..<width * height).map { (place: Int) -> Bool in
            let (row, column) = (place % height, place / height)
            return strange.values[row * width + column]
        }
        let lying = Mask(rows: width, columns: height, values: values)
        guard isSharp(strange, inside, top, bottom), isSharp(lying, turned, left, right) else { return nil }
        return Border(
            colour: colour, tolerance: tolerance, inside: inside.moved(down: box.top, across: box.left))
    }

    /// The pixels of the outermost `rim` lines on every side; a corner's count twice.
    private static func outermost(_ picture: ArrayPixels, _ box: Box, rim: Int) -> [[Int]] {
        let strips = [
            Box(top: box.top, left: box.left, bottom: box.top + rim, right: box.right),
            Box(top: box.bottom - rim, left: box.left, bottom: box.bottom, right: box.right),
            Box(top: box.top, left: box.left, bottom: box.bottom, right: box.left + rim),
            Box(top: box.top, left: box.right - rim, bottom: box.bottom, right: box.right),
        ]
        var pixels = [[Int]]()
        for strip in strips {
            var line = [UInt16](repeating: 0, count: 3 * strip.columns)
            for row in strip.top..<strip.bottom {
                picture.read(row: row, left: strip.left, count: strip.columns, into: &line)
                for column in 0..<strip.columns {
                    pixels.append(line[3 * column..<3 * column + 3].map(Int.init))
                }
            }
        }
        return pixels
    }

    /// The rows and columns that hold at least half as many strange pixels as the fullest one does.
    private static func span(_ strange: Mask, gap: Int) -> Box? {
        var box = Box(top: 0, left: 0, bottom: strange.rows, right: strange.columns)
        // Once more as soon as the border's own rows and columns are left out.
        for _ in 0..<3 {
            guard let rows = ends(strange.rowCounts(from: box.left, to: box.right), gap) else { return nil }
            let columns = strange.columnCounts(from: rows.lowerBound, to: rows.upperBound)
            guard let across = ends(columns, gap) else { return nil }
            box = Box(
                top: rows.lowerBound, left: across.lowerBound, bottom: rows.upperBound,
                right: across.upperBound)
        }
        return box
    }

    private static func ends(_ counts: [Int], _ gap: Int) -> Range<Int>? {
        guard counts.contains(where: { $0 > 0 }) else { return nil }
        let last = counts.count - first(counts.reversed(), gap)
        let first = first(counts, gap)
        return first < last ? first..<last : nil
    }

    /// The first line of the picture, from the strange pixels in each: what more than `gap` empty lines part
    /// from the picture, within a fifth of the whole, is writing on the mount.
    private static func first(_ counts: [Int], _ gap: Int) -> Int {
        let most = counts.max() ?? 0
        var start = counts.firstIndex { 2 * $0 >= most } ?? 0
        var empty = 0
        for line in start..<min(counts.count, start + counts.count / 5) {
            if 10 * counts[line] <= most {
                empty += 1
                continue
            }
            if empty > gap { start = counts[line...].firstIndex { 2 * $0 >= most } ?? start }
            empty = 0
        }
        return start
    }

    /// Whether the border ends at the `top` and at the `bottom` of `inside`, as far as it has these sides: a
    /// line just within must be strange in half of its pixels, one just without in no more than a fifth, and
    /// the whole side in no more than a quarter.
    private static func isSharp(_ strange: Mask, _ inside: Box, _ top: Bool, _ bottom: Bool) -> Bool {
        let counts = strange.rowCounts(from: inside.left, to: inside.right)
        let height = strange.rows
        let slack = max(1, min(height, strange.columns) / 100)
        func ends(_ side: Range<Int>, _ within: Int, _ without: Int) -> Bool {
            let inner: Int = counts[min(max(within, inside.top), inside.bottom - 1)]
            let outer: Int = counts[min(max(without, 0), height - 1)]
            let all: Int = counts[side].reduce(0, +)
            if 2 * inner < inside.columns || 5 * outer > inside.columns { return false }
            return 4 * all <= side.count * inside.columns
        }
        if top, !ends(0..<inside.top, inside.top + slack, inside.top - 1 - slack) { return false }
        if bottom, !ends(inside.bottom..<height, inside.bottom - 1 - slack, inside.bottom + slack) {
            return false
        }
        return true
    }
}

/// A border of one colour: its pixels lie outside `inside`.
private struct Border {
    /// Red, green and blue in 8 bits.
    let colour: [Int]
    let tolerance: Int
    let inside: Box

    /// The pixels of `box` that are not of the border's colour.
    func strange(_ picture: any Pixels, _ box: Box) -> Mask {
        var rows = SeenRows(picture, left: box.left, right: box.right)
        var line = [UInt8](repeating: 0, count: 3 * box.columns)
        var values = [Bool]()
        values.reserveCapacity(box.rows * box.columns)
        for row in box.top..<box.bottom {
            line.withUnsafeMutableBufferPointer { rows.read(row, into: $0.baseAddress!) }
            for column in 0..<box.columns {
                values.append(isStrange(line, 3 * column))
            }
        }
        return Mask(rows: box.rows, columns: box.columns, values: values)
    }

    private func isStrange(_ line: [UInt8], _ first: Int) -> Bool {
        for index in 0..<3 {
            let difference: Int = Int(line[first + index]) - colour[index]
            if difference > tolerance || difference < -tolerance { return true }
        }
        return false
    }

    /// The inner edges of the border, which was found in `seen` of the photo shrunk by `factor`, in the
    /// photo's own pixels: the outermost lines that hold at least half as many strange pixels as the fullest
    /// one near them. A side without a border stays as in `exact`.
    func placed(in pixels: any Pixels, _ seen: Box, _ exact: Box, _ factor: Int) -> Box {
        if factor == 1 { return inside }
        let whole = inside.scaled(factor)
        let (bottom, right) = (min(pixels.height, whole.bottom), min(pixels.width, whole.right))
        func edge(_ at: Int, _ step: Int, _ length: Int, _ counts: (Int, Int) -> [Int]) -> Int {
            let ends = [(at - step) * factor, (at + 2 * step) * factor].sorted()
            let low = max(0, ends[0])
            let lines = counts(low, min(length, ends[1]))
            let least = max(1, lines.max() ?? 0)
            let first: Int? = lines.firstIndex { 2 * $0 >= least }
            let last: Int? = lines.lastIndex { 2 * $0 >= least }
            guard let first, let last else { return at * factor }
            return step > 0 ? low + first : low + last + 1
        }
        func row(_ at: Int, _ step: Int) -> Int {
            edge(at, step, pixels.height) { low, high in
                let box = Box(top: low, left: whole.left, bottom: high, right: right)
                return strange(pixels, box).rowCounts(from: 0, to: box.columns)
            }
        }
        func column(_ at: Int, _ step: Int) -> Int {
            edge(at, step, pixels.width) { low, high in
                let box = Box(top: whole.top, left: low, bottom: bottom, right: high)
                return strange(pixels, box).columnCounts(from: 0, to: box.rows)
            }
        }
        return Box(
            top: inside.top > seen.top ? row(inside.top, 1) : exact.top,
            left: inside.left > seen.left ? column(inside.left, 1) : exact.left,
            bottom: inside.bottom < seen.bottom ? row(inside.bottom, -1) : exact.bottom,
            right: inside.right < seen.right ? column(inside.right, -1) : exact.right)
    }
}

extension Mask {
    /// The number of set pixels in each row, from one column to before another.
    fileprivate func rowCounts(from left: Int, to right: Int) -> [Int] {
        (0..<rows).map { (row: Int) -> Int in
            let line = values[row * columns + left..<row * columns + right]
            return line.lazy.filter { $0 }.count
        }
    }

    /// The number of set pixels in each column, from one row to before another.
    fileprivate func columnCounts(from top: Int, to bottom: Int) -> [Int] {
        var counts = [Int](repeating: 0, count: columns)
        for row in top..<bottom {
            for column in 0..<columns where values[row * columns + column] { counts[column] += 1 }
        }
        return counts
    }
}
