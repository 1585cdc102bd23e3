import Foundation

/// Face detection: runs the finder over an image pyramid and merges overlapping detections.
///
/// The network detects faces of about 20 to 56 pixels. A face of any size has such a width at one of the
/// halves, or at two. Each detection then gets a second look, turned upright.
struct Finder {
    let part: LoadedPart
    /// Minimum score of a face.
    let threshold: Double

    /// Pixels: the unit of the network's points, relative to the middle of a cell.
    private static let pointUnit: Float = 4

    /// Minimum longer side, in pixels, of the halved photo.
    private static let smallestSide = 16

    /// Two detections are one face if their middles are nearer than this share of its width, and their
    /// widths within this factor.
    private static let (samePlace, sameSize) = (0.5, 2.0)

    /// Minimum scores of a detection, in the first look and in the second.
    private static let (firstLook, secondLook) = (0.2, 0.05)

    /// The score of one face from which a photo is taken to stand upright; if no face reaches it, it is
    /// looked at in the other three directions.
    private static let upright = 0.998

    /// The score that one face of another direction must reach for that direction to count.
    private static let sure = 0.99

    /// Longest side in pixels of the photo that is looked at in other directions.
    private static let turnedSide = 512

    /// Maximum number of detections that get a second look, the best scores first.
    private static let maxLooks = 200

    /// Width of a face in the second look, and the side of its window, in pixels.
    private static let (againWidth, againSide) = (44.0, 128)

    /// The faces of a photo that are at least `minWidth` pixels wide, the best score first; `small` is the
    /// photo shrunk by `factor`. A score is the geometric mean of both looks. Where no face
    /// is sure, the photo is also looked at lying on either side and upside down, and the direction in which
    /// faces are surest counts.
    ///
    /// Throws as `LoadedPart.run`.
    func faces(_ pixels: any Pixels, small: ArrayPixels, factor: Int, minWidth: Double) async throws
        -> [Face]
    {
        let upright = try await verified(pixels, firstLook(small, factor, turns: 0), minWidth)
        if let best = upright.first, best.score >= Self.upright { return upright }
        var (small, factor) = (small, factor)
        while max(small.height, small.width) > Self.turnedSide {
            (small, factor) = (shrink(small, 2), factor * 2)
        }
        func surplus(_ faces: [Face]) -> Double { faces.reduce(0) { $0 + ($1.score - threshold) } }
        var best = upright
        for turns in 1...3 {
            let finds = try await firstLook(small, factor, turns: turns)
            guard finds.contains(where: { Self.highest($0) >= Self.sure }) else { continue }
            let found = try await verified(pixels, finds, minWidth)
            guard let first = found.first, first.score >= Self.sure else { continue }
            if surplus(found) > surplus(best) { best = found }
        }
        return best
    }

    /// The detections in a photo shrunk by `factor` and in its halves, in the photo's own pixels. The network
    /// is shown each one turned by `turns` times 90 degrees counterclockwise.
    private func firstLook(_ small: ArrayPixels, _ factor: Int, turns: Int) async throws -> [Face] {
        var finds = [Face]()
        var (small, factor) = (small, factor)
        while true {
            let map = try await PartMap(part, of: turned(small, turns))
            for face in Self.finds(map, part.part.stride, Self.firstLook) {
                let back = turnedBack(face.points, turns, height: small.height, width: small.width)
                // The middle of a block of pixels is not the middle of its first pixel.
                let half = Point(x: 0.5, y: 0.5)
                let points = back.map { ($0 + half) * Double(factor) - half }
                finds.append(Face(points: points, score: face.score))
            }
            if max(small.height, small.width) < 2 * Self.smallestSide { return finds }
            (small, factor) = (shrink(small, 2), factor * 2)
        }
    }

    /// The highest score of both looks together that a face has after the first.
    private static func highest(_ first: Face) -> Double { first.score.squareRoot() }

    /// The detections that a second look confirms, as far as they are sure and wide enough.
    private func verified(_ pixels: any Pixels, _ finds: [Face], _ minWidth: Double) async throws
        -> [Face]
    {
        // The second look may find a face somewhat wider.
        let large = Self.merged(finds).filter {
            $0.width >= 0.8 * minWidth && Self.highest($0) >= threshold
        }
        var scored = [Face]()
        for first in large.prefix(Self.maxLooks) {
            guard let second = try await lookAgain(pixels, first) else { continue }
            scored.append(Face(points: second.points, score: (first.score * second.score).squareRoot()))
        }
        return Self.merged(scored.filter { $0.score >= threshold && $0.width >= minWidth })
    }

    /// The second look at a face: upright, of a fixed width and in the photo's own resolution. Its points
    /// are more precise, and fewer false detections pass twice. Nil if no face is found there. Throws as
    /// `LoadedPart.run`.
    func lookAgain(_ pixels: any Pixels, _ face: Face) async throws -> Face? {
        let middle = Point(x: Double(Self.againSide - 1) / 2, y: Double(Self.againSide - 1) / 2)
        let template = AlignedFace.points
        let scale = Self.againWidth / AlignedFace.width(of: template)
        let upright = template.map { ($0 - AlignedFace.middle(of: template)) * scale + middle }
        guard let matrix = Similarity(face.points, to: upright) else { return nil }
        let window = square(pixels, matrix, side: Self.againSide)
        let near = Self.finds(try await PartMap(part, of: window), part.part.stride, Self.secondLook).filter
        {
            $0.middle.distance(to: middle) < Self.samePlace * Self.againWidth
        }
        guard let best = Self.merged(near).first else { return nil }
        let found = Face(points: Face.rounded(best.points.map(matrix.inverse.moved)), score: best.score)
        // So small that its points fall on one another, it could not be aligned.
        return found.width > 0 ? found : nil
    }

    /// The detections of single cells, in the picture's pixels.
    static func finds(_ map: PartMap, _ stride: Int, _ threshold: Double) -> [Face] {
        var faces = [Face]()
        let threshold = Float(threshold)
        for row in 0..<map.rows {
            for column in 0..<map.columns {
                let first = (row * map.columns + column) * map.channels
                let score = 1 / (1 + exp(-map.values[first]))
                guard score >= threshold else { continue }
                let middle = Point(
                    x: Double(column * stride) + Double(stride - 1) / 2,
                    y: Double(row * stride) + Double(stride - 1) / 2)
                let points = (0..<5).map { index in
                    let (x, y) = (map.values[first + 1 + 2 * index], map.values[first + 2 + 2 * index])
                    return Point(x: Double(x * pointUnit), y: Double(y * pointUnit)) + middle
                }
                let face = Face(points: points, score: Double(score))
                if face.width > 0, face.width.isFinite { faces.append(face) }
            }
        }
        return faces
    }

    /// Merges detections of the same face, points averaged by score. The best score first.
    static func merged(_ finds: [Face]) -> [Face] {
        var left = sortedDown(finds) { $0.score }
        var faces = [Face]()
        while let best = left.first {
            let same = left.filter { isSame(best, $0) }
            let total = same.reduce(0) { $0 + $1.score }
            let points = (0..<5).map { index in
                let sum = same.dropFirst().reduce(same[0].points[index] * same[0].score) { sum, face in
                    sum + face.points[index] * face.score
                }
                return Point(x: sum.x / total, y: sum.y / total)
            }
            faces.append(Face(points: Face.rounded(points), score: best.score))
            left.removeAll { isSame(best, $0) }
        }
        return faces
    }

    /// Faces by descending `value`; equal ones keep their order.
    static func sortedDown(_ faces: [Face], by value: (Face) -> Double) -> [Face] {
        faces.enumerated().sorted { one, other in
            let (first, second) = (value(one.element), value(other.element))
            return first == second ? one.offset < other.offset : first > second
        }.map(\.element)
    }

    private static func isSame(_ best: Face, _ other: Face) -> Bool {
        let away = best.middle.distance(to: other.middle)
        let wide = max(best.width, other.width)
        return away < samePlace * wide && wide < sameSize * min(best.width, other.width)
    }
}
