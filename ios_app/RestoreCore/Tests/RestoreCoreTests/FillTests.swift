import XCTest

@testable import RestoreCore

final class FillTests: XCTestCase {
    private struct File: Decodable {
        struct Filled: Decodable {
            let picture: Picture
            let maskShape: [Int]
            let mask: [Int]
            let factor: Int
            let strength: Double
            let result: [UInt16]
        }
        let filled: [Filled]
    }

    private let golden = Result { try GoldenFiles.read("damage", as: File.self) }

    func testFilled() throws {
        for each in try golden.get().filled {
            let pixels = each.picture.pixels
            let damage = Damage(Mask(each.maskShape, each.mask), factor: each.factor)
            try pushPull(pixels, damage, strength: each.strength)
            XCTAssertEqual(pixels.samples, each.result, "\(each.picture.shape)")
        }
    }

    /// The first level of a large photo lies in a file.
    func testALevelInAFile() throws {
        let side = 4800
        let pixels = ArrayPixels(height: side, width: side, colours: 3)
        let line = [UInt16](repeating: 90, count: 3 * side)
        for row in 0..<side { pixels.write(row: row, left: 0, count: side, from: line) }
        let spot: [UInt16] = [255, 0, 255]
        pixels.write(row: side - 1, left: side - 1, count: 1, from: spot)
        var mask = Mask(rows: side, columns: side, values: [Bool](repeating: false, count: side * side))
        mask.values[side * side - 1] = true
        try pushPull(pixels, Damage(mask, factor: 1), strength: 1)
        var found = [UInt16](repeating: 0, count: 6)
        pixels.read(row: side - 1, left: side - 2, count: 2, into: &found)
        XCTAssertEqual(found, [90, 90, 90, 90, 90, 90])
    }
}
