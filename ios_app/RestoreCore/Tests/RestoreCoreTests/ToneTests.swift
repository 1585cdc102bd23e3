import XCTest

@testable import RestoreCore

final class ToneTests: XCTestCase {
    private struct File: Decodable {
        struct Thumbnail: Decodable {
            let picture: Picture
            let side: Int
            let values: [Float]
        }
        struct Curves: Decodable {
            let steps: [Float]
            let count: Int
            let knots: [Double]
        }
        struct Change: Decodable {
            let picture: Picture
            let knots: [Double]
            let count: Int
            let change: Double
        }
        struct Applied: Decodable {
            let picture: Picture
            let knots: [Double]
            let count: Int
            let strength: Double
            let result: [UInt16]
        }
        let thumbnails: [Thumbnail]
        let curves: [Curves]
        let changes: [Change]
        let applied: [Applied]
        let lightened: [Applied]
    }

    private let golden = Result { try GoldenFiles.read("tone", as: File.self) }

    func testThumbnails() throws {
        for each in try golden.get().thumbnails {
            XCTAssertEqual(Tone.thumbnail(each.picture.pixels, side: each.side), each.values)
        }
    }

    func testCurves() throws {
        for each in try golden.get().curves {
            XCTAssertEqual(Tone.curves(each.steps, count: each.count).flatMap { $0 }, each.knots)
        }
    }

    func testChange() throws {
        for each in try golden.get().changes {
            let found = Tone.change(curves(each.knots, each.count), each.picture.pixels)
            XCTAssertEqual(found, each.change, accuracy: 1e-12)
        }
    }

    func testApplied() throws {
        for each in try golden.get().applied {
            let pixels = each.picture.pixels
            try Tone.applyCurves(curves(each.knots, each.count), to: pixels, strength: each.strength)
            XCTAssertEqual(pixels.samples, each.result)
        }
    }

    func testAppliedToLightness() throws {
        for each in try golden.get().lightened {
            let pixels = each.picture.pixels
            try Tone.applyToLightness(
                curves(each.knots, each.count), to: pixels, strength: each.strength)
            XCTAssertEqual(pixels.samples, each.result)
        }
    }

    private func curves(_ knots: [Double], _ count: Int) -> [[Double]] {
        (0..<3).map { Array(knots[$0 * count..<($0 + 1) * count]) }
    }
}
