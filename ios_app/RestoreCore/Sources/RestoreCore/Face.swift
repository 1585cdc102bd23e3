/// A face in a photo: its five points in the order of `AlignedFace.points`, and its score, 0...1.
struct Face: Equatable, Sendable {
    let points: [Point]
    let score: Double

    /// Points are rounded to this part of a pixel: the last bits of a float library must not decide a
    /// level.
    private static let pointGrid = 64.0

    init(points: [Point], score: Double) { (self.points, self.score) = (points, score) }

    /// An upright face that fills a box, with the points of an average face.
    init(in box: FaceBox) {
        let scale = (box.width / AlignedFace.radii.x + box.height / AlignedFace.radii.y) / 4
        let middle = Point(x: box.left + box.width / 2, y: box.top + box.height / 2)
        self.init(points: AlignedFace.points.map { ($0 - AlignedFace.middle) * scale + middle }, score: 1)
    }

    /// Width in pixels.
    var width: Double { AlignedFace.width(of: points) }

    var middle: Point { AlignedFace.middle(of: points) }

    /// Maps the photo's pixels to the aligned face's.
    var matrix: Similarity {
        guard let matrix = Similarity(points, to: AlignedFace.points) else {
            preconditionFailure("the points of a face coincide")
        }
        return matrix
    }

    /// The upright bounding box, in whole pixels.
    var box: FaceBox {
        let back = matrix.inverse
        let middle = back.moved(AlignedFace.middle)
        let (wide, high) = (2 * AlignedFace.radii.x * back.scale, 2 * AlignedFace.radii.y * back.scale)
        func whole(_ value: Double) -> Double { value.rounded(.toNearestOrEven) }
        return FaceBox(
            left: whole(middle.x - wide / 2), top: whole(middle.y - high / 2), width: whole(wide),
            height: whole(high))
    }

    /// The points rounded to the grid.
    static func rounded(_ points: [Point]) -> [Point] {
        func rounded(_ value: Double) -> Double {
            (value * pointGrid).rounded(.toNearestOrEven) / pointGrid
        }
        return points.map { Point(x: rounded($0.x), y: rounded($0.y)) }
    }
}
