/// A stroke of a brush or an eraser over the found damage: a disc, drawn along straight lines.
///
/// Whole numbers alone decide which pixels it covers, so that every language marks the same.
public struct Stroke: Equatable, Sendable {
    /// A pixel of the upright photo; may lie beyond its borders.
    public struct Place: Equatable, Sendable {
        public let column: Int
        public let row: Int

        public init(column: Int, row: Int) { (self.column, self.row) = (column, row) }
    }

    /// Maximum radius in pixels.
    public static let maxRadius = 2048
    /// Maximum distance of a point from the first pixel, in rows and in columns.
    public static let maxCoordinate = 1 << 17

    public let points: [Place]
    /// The disc's radius in pixels, 0...`maxRadius`.
    public let radius: Int
    public let erases: Bool

    /// The disc of `radius` pixels along straight lines through `points`.
    ///
    /// Throws `optionRefused` for numbers out of range.
    public init(points: [Place], radius: Int, erases: Bool = false) throws {
        guard 0...Self.maxRadius ~= radius else {
            throw HeirloomError(
                .optionRefused, "A stroke's radius is \(radius): give 0..\(Self.maxRadius) pixels.")
        }
        let range = -Self.maxCoordinate...Self.maxCoordinate
        guard points.allSatisfy({ range ~= $0.column && range ~= $0.row }) else {
            throw HeirloomError(
                .optionRefused,
                "A stroke's points lie within \(Self.maxCoordinate) pixels of the first pixel.")
        }
        (self.points, self.radius, self.erases) = (points, radius, erases)
    }
}

extension Mask {
    /// Pixels of a segment's longer side; longer ones are halved. Squares then fit 63 bits.
    private static let piece = 4096

    /// Sets and clears the pixels that the strokes cover, one stroke after the other.
    mutating func draw(_ strokes: [Stroke]) {
        for stroke in strokes {
            if let only = stroke.points.first, stroke.points.count == 1 {
                draw(stroke, from: only, to: only)
            }
            for (start, end) in zip(stroke.points, stroke.points.dropFirst()) {
                draw(stroke, from: start, to: end)
            }
        }
    }

    private mutating func draw(_ stroke: Stroke, from start: Stroke.Place, to end: Stroke.Place) {
        let (alongX, alongY) = (end.column - start.column, end.row - start.row)
        guard max(abs(alongX), abs(alongY)) <= Self.piece else {
            // Rounded down, below zero too.
            let middle = Stroke.Place(
                column: (start.column + end.column) >> 1, row: (start.row + end.row) >> 1)
            draw(stroke, from: start, to: middle)
            draw(stroke, from: middle, to: end)
            return
        }
        let radius = stroke.radius
        let top = max(0, min(start.row, end.row) - radius)
        let bottom = min(rows, max(start.row, end.row) + radius + 1)
        let left = max(0, min(start.column, end.column) - radius)
        let right = min(columns, max(start.column, end.column) + radius + 1)
        guard top < bottom, left < right else { return }
        let (square, length) = (radius * radius, alongX * alongX + alongY * alongY)
        for row in top..<bottom {
            for column in left..<right {
                let (x, y) = (column - start.column, row - start.row)
                let (restX, restY) = (column - end.column, row - end.row)
                // Where a pixel lies along the segment and beside it, both times the segment's length.
                let (place, beside) = (x * alongX + y * alongY, x * alongY - y * alongX)
                let isBetween = place > 0 && place < length && beside * beside <= square * length
                if isBetween || x * x + y * y <= square || restX * restX + restY * restY <= square {
                    values[row * columns + column] = !stroke.erases
                }
            }
        }
    }
}
