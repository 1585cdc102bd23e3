/// Rows of a window of a photo as network input: 8 bits, three colours, mirrored beyond the borders; with
/// `own`, only these pixels are read, and the outermost of them repeated.
struct SeenRows {
    private let pixels: any Pixels
    /// The only rows that are read; nil: all.
    private let rows: Range<Int>?
    private let first: Int
    private let span: Int
    /// Offset of each of the window's columns from `first`; nil if they follow one another.
    private let places: [Int]?
    private let count: Int
    private var line: [UInt16]

    /// A window of columns `left..<right`, which may lie beyond the photo.
    init(_ pixels: any Pixels, left: Int, right: Int, own: Box? = nil) {
        self.pixels = pixels
        rows = own.map { $0.top..<min($0.bottom, pixels.height) }
        let only = own.map { $0.left..<min($0.right, pixels.width) }
        let inside = only ?? 0..<pixels.width
        count = right - left
        if left >= inside.lowerBound, right <= inside.upperBound {
            (first, span, places) = (left, count, nil)
        } else {
            let columns = (left..<right).map { Self.seen($0, only, pixels.width) }
            let leftmost = columns.min() ?? 0
            first = leftmost
            span = (columns.max() ?? 0) - leftmost + 1
            places = columns.map { $0 - leftmost }
        }
        line = [UInt16](repeating: 0, count: span * pixels.colours)
    }

    /// Fills `seen` with three samples for each column of `row`, which may lie beyond the photo.
    mutating func read(_ row: Int, into seen: UnsafeMutablePointer<UInt8>) {
        line.withUnsafeMutableBufferPointer { line in
            let line = line.baseAddress!
            let row = Self.seen(row, rows, pixels.height)
            pixels.readEightBit(row: row, left: first, count: span, into: line)
            let isGray = pixels.colours == 1
            if let places {
                places.withUnsafeBufferPointer { places in
                    for pixel in 0..<count { Self.copy(line, places[pixel], seen + 3 * pixel, isGray) }
                }
            } else if isGray {
                for pixel in 0..<count { Self.copy(line, pixel, seen + 3 * pixel, true) }
            } else {
                for index in 0..<3 * count { seen[index] = UInt8(truncatingIfNeeded: line[index]) }
            }
        }
    }

    private static func seen(_ place: Int, _ only: Range<Int>?, _ length: Int) -> Int {
        guard let only else { return mirrored(place, length) }
        return min(max(place, only.lowerBound), only.upperBound - 1)
    }

    @inline(__always)
    private static func copy(
        _ line: UnsafePointer<UInt16>, _ pixel: Int, _ seen: UnsafeMutablePointer<UInt8>, _ isGray: Bool
    ) {
        let (from, next) = isGray ? (line + pixel, 0) : (line + 3 * pixel, 1)
        seen[0] = UInt8(truncatingIfNeeded: from[0])
        seen[1] = UInt8(truncatingIfNeeded: from[next])
        seen[2] = UInt8(truncatingIfNeeded: from[2 * next])
    }
}
