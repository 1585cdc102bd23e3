import XCTest

@testable import RestoreCore

final class FaceTests: XCTestCase {
    private struct Find: Decodable {
        let points: [Double]
        let score: Double

        var face: Face { Face(points: Point.list(points), score: score) }
    }

    private struct File: Decodable {
        struct Aligned: Decodable {
            let source: [Double]
            let target: [Double]
            let matrix: [Double]
            let inverse: [Double]
            let scale: Double
            let faceWidth: Double
        }
        struct Boxed: Decodable {
            let box: [Double]
            let points: [Double]
            let back: [Double]
        }
        struct Square: Decodable {
            let picture: Picture
            let matrix: [Double]
            let side: Int
            let values: [UInt16]
            let tolerance: Int
        }
        struct Feather: Decodable {
            let every: Int
            let values: [Float]
            let sum: Double
        }
        struct Output: Decodable {
            let shape: [Int]
            let stride: Int
            let told: [Float]
            let threshold: Double
            let faces: [Find]
        }
        struct Merged: Decodable {
            let finds: [Find]
            let faces: [Find]
        }
        struct Refined: Decodable {
            let beforeSeed: Int
            let restoredSeed: Int
            let residualSeed: Int
            let spec: Tensor
            let every: Int
            let steps: [Int16]
            let amount: Double
            let applied: Bool
        }
        struct Seeded: Decodable {
            let points: [Double]
            let seed: Int
        }
        struct PutBack: Decodable {
            let picture: Picture
            let faces: [Seeded]
            let strength: Double
            let gray: Bool
            let result: [UInt16]
            let tolerance: Int
        }
        let similarities: [Aligned]
        let boxes: [Boxed]
        let squares: [Square]
        let feather: Feather
        let finds: [Output]
        let merged: [Merged]
        let refined: [Refined]
        let putBack: [PutBack]
    }

    private let golden = Result { try GoldenFiles.read("faces", as: File.self) }

    func testSimilarities() throws {
        for each in try golden.get().similarities {
            let found = try XCTUnwrap(Similarity(Point.list(each.source), to: Point.list(each.target)))
            assertClose(found.rows, each.matrix, 1e-9)
            assertClose(found.inverse.rows, each.inverse, 1e-9)
            XCTAssertEqual(found.scale, each.scale, accuracy: 1e-9)
            XCTAssertEqual(AlignedFace.width(of: Point.list(each.target)), each.faceWidth, accuracy: 1e-9)
        }
    }

    func testPointsThatCoincideHaveNoSimilarity() {
        let points = [Point](repeating: Point(x: 3, y: 4), count: 5)
        XCTAssertNil(Similarity(points, to: AlignedFace.points))
    }

    func testBoxes() throws {
        for each in try golden.get().boxes {
            let (left, top) = (each.box[0], each.box[1])
            let face = Face(in: FaceBox(left: left, top: top, width: each.box[2], height: each.box[3]))
            assertClose(face.points.flatMap { [$0.x, $0.y] }, each.points, 1e-9)
            XCTAssertEqual([face.box.left, face.box.top, face.box.width, face.box.height], each.back)
        }
    }

    func testSquares() throws {
        for each in try golden.get().squares {
            let found = square(each.picture.pixels, Similarity(rows: each.matrix), side: each.side)
            assertLevels(found.samples, each.values, each.tolerance)
        }
    }

    func testFeather() throws {
        let feather = try golden.get().feather
        let side = AlignedFace.side
        let rows = stride(from: 0, to: side, by: feather.every)
        let found = rows.flatMap { row in rows.map { AlignedFace.feather[row * side + $0] } }
        assertClose(found.map(Double.init), feather.values.map(Double.init), 1e-6)
        let sum = AlignedFace.feather.reduce(0) { $0 + Double($1) }
        XCTAssertEqual(sum, feather.sum, accuracy: 1e-6 * feather.sum)
    }

    func testFinds() throws {
        for each in try golden.get().finds {
            let map = PartMap(
                rows: each.shape[0], columns: each.shape[1], channels: each.shape[2], values: each.told)
            assertFaces(Finder.finds(map, each.stride, each.threshold), each.faces.map(\.face))
        }
    }

    func testMerged() throws {
        for each in try golden.get().merged {
            assertFaces(Finder.merged(each.finds.map(\.face)), each.faces.map(\.face))
        }
    }

    func testRefined() throws {
        for each in try golden.get().refined {
            let stored = (0..<64 * 64 * 48).map { place in
                let sum = place / 48 / 64 * 7 + place / 48 % 64 * 13 + place % 48 * 29
                return Int8((sum + each.residualSeed * 31) % 101 - 50)
            }
            let change = FaceChange(
                real(.int8(stored), as: each.spec), 4, picture(each.beforeSeed),
                picture(each.restoredSeed))
            let steps = stride(from: 0, to: change.steps.count, by: each.every).map { change.steps[$0] }
            XCTAssertEqual(steps, each.steps)
            let record = change.judged(Face(in: FaceBox(left: 0, top: 0, width: 100, height: 120)))
            XCTAssertEqual(record.change, each.amount, accuracy: 1e-12)
            XCTAssertEqual(record.refined, each.applied)
        }
    }

    func testPutBack() throws {
        for each in try golden.get().putBack {
            let pixels = each.picture.pixels
            putBack(
                pixels, each.faces.map { Face(points: Point.list($0.points), score: 1) },
                each.faces.map { change($0.seed) }, strength: each.strength, gray: each.gray)
            assertLevels(pixels.samples, each.result, each.tolerance)
        }
    }

    private func change(_ seed: Int) -> FaceChange {
        let sums = sums(of: 7, 13, 29, seed * 31)
        return FaceChange(steps: sums.map { (sum: Int) -> Int16 in Int16((sum % 101 - 30) * 40) })
    }

    private func picture(_ seed: Int) -> ArrayPixels {
        let samples = sums(of: 3, 5, 11, seed * 17).map { (sum: Int) -> UInt16 in UInt16(sum % 256) }
        return ArrayPixels(height: 256, width: 256, colours: 3, samples: samples)
    }

    /// `x`, `y` and colour of every sample of an aligned face, weighted.
    private func sums(of x: Int, _ y: Int, _ colour: Int, _ more: Int) -> [Int] {
        var sums = [Int]()
        for row in 0..<256 {
            for column in 0..<256 {
                for index in 0..<3 { sums.append(column * x + row * y + index * colour + more) }
            }
        }
        return sums
    }

    private func assertLevels(_ found: [UInt16], _ expected: [UInt16], _ tolerance: Int, line: UInt = #line)
    {
        XCTAssertEqual(found.count, expected.count, line: line)
        let largest = zip(found, expected).map { abs(Int($0) - Int($1)) }.max() ?? 0
        XCTAssertLessThanOrEqual(largest, tolerance, line: line)
    }

    private func assertFaces(_ found: [Face], _ expected: [Face], line: UInt = #line) {
        XCTAssertEqual(found.count, expected.count, line: line)
        for (one, other) in zip(found, expected) {
            assertClose(
                one.points.flatMap { [$0.x, $0.y] }, other.points.flatMap { [$0.x, $0.y] }, 1e-5, line: line
            )
            XCTAssertEqual(one.score, other.score, accuracy: 1e-5, line: line)
        }
    }
}
