import XCTest

@testable import RestoreCore

final class StrokeTests: XCTestCase {
    private struct File: Decodable {
        struct Drawn: Decodable {
            let points: [Int]
            let radius: Int
            let erases: Bool

            func stroke() throws -> Stroke {
                let places = stride(from: 0, to: points.count, by: 2).map { first in
                    Stroke.Place(column: points[first], row: points[first + 1])
                }
                return try Stroke(points: places, radius: radius, erases: erases)
            }
        }
        struct Case: Decodable {
            let shape: [Int]
            let strokes: [Drawn]
            let mask: [Int]
        }
        let strokes: [Case]
    }

    func testStrokesCoverTheGoldenPixels() throws {
        for (index, each) in try GoldenFiles.read("strokes", as: File.self).strokes.enumerated() {
            let (height, width) = (each.shape[0], each.shape[1])
            let drawn = Damage(
                nil, drawn: try each.strokes.map { try $0.stroke() }, height: height, width: width)
            XCTAssertEqual(drawn.mask, Mask(each.shape, each.mask), "case \(index)")
        }
    }

    func testFoundDamageIsDrawnOverInPixelsOfThePhoto() throws {
        let found = Damage(Mask([2, 3], [0, 1, 0, 0, 0, 1]), factor: 2)
        let corner = Stroke.Place(column: 4, row: 2)
        let edited = Damage(
            found, drawn: [try Stroke(points: [corner], radius: 0, erases: true)], height: 3, width: 5)
        XCTAssertEqual(
            edited, Damage(Mask([3, 5], [0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0]), factor: 1))
        XCTAssertEqual(Damage(found, drawn: [], height: 3, width: 5).mask.values[14], true)
    }

    func testNumbersOutOfRangeAreRefused() {
        let beyond = Stroke.maxCoordinate + 1
        let wrong: [(column: Int, row: Int, radius: Int)] = [
            (0, 0, -1), (0, 0, Stroke.maxRadius + 1), (beyond, 0, 1), (0, -beyond, 1),
        ]
        for (column, row, radius) in wrong {
            let place = Stroke.Place(column: column, row: row)
            XCTAssertThrowsError(try Stroke(points: [place], radius: radius)) {
                XCTAssertEqual(($0 as? HeirloomError)?.kind, .optionRefused)
            }
        }
        XCTAssertNoThrow(
            try Stroke(
                points: [Stroke.Place(column: beyond - 1, row: 1 - beyond)], radius: Stroke.maxRadius))
    }
}
