import Foundation

/// A place in a photo, in pixels: a pixel's centre has whole coordinates.
struct Point: Equatable, Sendable {
    var x: Double
    var y: Double

    static func + (one: Point, other: Point) -> Point { Point(x: one.x + other.x, y: one.y + other.y) }
    static func - (one: Point, other: Point) -> Point { Point(x: one.x - other.x, y: one.y - other.y) }
    static func * (one: Point, factor: Double) -> Point { Point(x: one.x * factor, y: one.y * factor) }

    func distance(to other: Point) -> Double { hypot(x - other.x, y - other.y) }
}

/// A rotation, scale and shift: maps `(x, y)` to `(a x + b y + c, d x + e y + f)`.
struct Similarity: Equatable {
    let a: Double
    let b: Double
    let c: Double
    let d: Double
    let e: Double
    let f: Double

    /// The similarity that maps `source` closest to `target`, in least squares (Umeyama 1991); nil if the
    /// source's points all coincide. Both have five points.
    init?(_ source: [Point], to target: [Point]) {
        let (from, to) = (Self.mean(source), Self.mean(target))
        let spread = source.map { $0 - from }
        let square = spread.reduce(0) { sum, point in
            let length = hypot(point.x, point.y)
            return sum + length * length
        }
        guard square != 0 else { return nil }
        let products = zip(spread, target.map { $0 - to }).map { p, q in
            Point(x: p.x * q.x + p.y * q.y, y: p.x * q.y - p.y * q.x)
        }
        // As numpy divides complex numbers.
        let turn = Self.sum(products) * (1 / square)
        (a, b, d, e) = (turn.x, -turn.y, turn.y, turn.x)
        c = to.x - (turn.x * from.x - turn.y * from.y)
        f = to.y - (turn.x * from.y + turn.y * from.x)
    }

    private init(_ a: Double, _ b: Double, _ c: Double, _ d: Double, _ e: Double, _ f: Double) {
        (self.a, self.b, self.c, self.d, self.e, self.f) = (a, b, c, d, e, f)
    }

    /// A similarity from a matrix of two rows and three columns.
    init(rows: [Double]) { self.init(rows[0], rows[1], rows[2], rows[3], rows[4], rows[5]) }

    /// The inverse similarity.
    var inverse: Similarity {
        let determinant = a * e - b * d
        let (p, q, r, s) = (e / determinant, -b / determinant, -d / determinant, a / determinant)
        return Similarity(p, q, -p * c - q * f, r, s, -r * c - s * f)
    }

    /// The factor by which lengths grow.
    var scale: Double { hypot(a, d) }

    @inline(__always)
    func moved(_ point: Point) -> Point {
        Point(x: a * point.x + b * point.y + c, y: d * point.x + e * point.y + f)
    }

    /// The sum of five complex numbers, in numpy's order.
    private static func sum(_ p: [Point]) -> Point { ((p[0] + p[1]) + (p[2] + p[3])) + p[4] }

    private static func mean(_ points: [Point]) -> Point { sum(points) * (1 / Double(points.count)) }
}

/// Geometry of the aligned face: the positions of its five points (left eye, as seen by the viewer, right
/// eye, nose, left and right corner of the mouth), and the ellipse that it fills.
enum AlignedFace {
    /// Side in pixels.
    static let side = 256

    /// Positions of the five points, as published.
    static let points = [
        Point(x: 89, y: 108.5), Point(x: 167, y: 108.5), Point(x: 128, y: 147.5),
        Point(x: 104.6, y: 195.86),
        Point(x: 151.4, y: 195.86),
    ]

    /// Middle of the ellipse that a face fills, in pixels.
    static let middle = Point(x: 128, y: 138)
    static let radii = Point(x: 88, y: 100)

    /// Shares of the radii between which the weight of the change falls from 1 to 0.
    private static let (solid, faded) = (0.75, 1.17)

    /// Weight of a change at each pixel, 0...1, row by row.
    static let feather: [Float] = (0..<side * side).map { place in
        let (y, x) = (Double(place / side), Double(place % side))
        let radius = hypot((x - middle.x) / radii.x, (y - middle.y) / radii.y)
        let t = min(1, max(0, (faded - radius) / (faded - solid)))
        return Float(t * t * (3 - 2 * t))
    }

    /// Ratio of a face's width to the spread of its points (standard deviation of their distances). The
    /// points of a turned head lie closer together, but its eyes alone would underestimate it far more.
    private static let widths = 3.65

    /// Mean of a face's points.
    static func middle(of points: [Point]) -> Point {
        let sum = points.dropFirst().reduce(points[0], +)
        return Point(x: sum.x / Double(points.count), y: sum.y / Double(points.count))
    }

    /// Approximate width of a face in pixels, independent of its rotation.
    static func width(of points: [Point]) -> Double {
        let mean = middle(of: points)
        let sum = points.reduce(0.0) { sum, point in
            let spread = point - mean
            return sum + (spread.x * spread.x + spread.y * spread.y)
        }
        return widths * (sum / Double(points.count)).squareRoot()
    }
}
