import XCTest

@testable import RestoreCore

final class DetectorTests: XCTestCase {
    private struct File: Decodable {
        struct Opened: Decodable {
            let maskShape: [Int]
            let mask: [Int]
            let side: Int
            let result: [Int]
        }
        struct Grown: Decodable {
            let maskShape: [Int]
            let mask: [Int]
            let pixels: Int
            let result: [Int]
        }
        struct Found: Decodable {
            let picture: Picture
            let levels: [UInt8]
            let faces: [[Int]]
            let rule: Detection
            let mask: [Int]
        }
        let opened: [Opened]
        let grown: [Grown]
        let masks: [Found]
    }

    private let golden = Result { try GoldenFiles.read("damage", as: File.self) }

    func testOpened() throws {
        for each in try golden.get().opened {
            let found = Mask(each.maskShape, each.mask).opened(side: each.side)
            XCTAssertEqual(found.values, bools(each.result))
        }
    }

    func testGrown() throws {
        for each in try golden.get().grown {
            var mask = Mask(each.maskShape, each.mask)
            mask.grow(each.pixels)
            XCTAssertEqual(mask.values, bools(each.result))
        }
    }

    func testMasks() async throws {
        for each in try golden.get().masks {
            let found = await damageMask(
                each.levels, each.picture.pixels, { each.faces.map(FaceArea.init) }, each.rule)
            XCTAssertEqual(found, Mask(each.picture.shape, each.mask))
        }
    }

    /// A line and a square of low levels but for one, in a small picture, flat or not.
    func testWhatIsThickMustBeSureAndFlat() async {
        var rule = Detection()
        (rule.high, rule.low, rule.thick, rule.thickMean, rule.thickSpread) = (200, 100, 40, 160, 3)
        rule.grow = 0
        let line = (0..<8).map { 8 * $0 }
        let square = (2..<6).flatMap { row in (3..<7).map { column in 8 * row + column } }
        for (mean, spread, isKept) in [(160, 6, true), (159, 6, false), (160, 8, false)] {
            var levels = [UInt8](repeating: 0, count: 8 * 8)
            for place in line { levels[place] = 100 }
            for place in square { levels[place] = UInt8(mean) }
            levels[line[0]] = 200
            levels[square[0]] = 200
            levels[square[1]] = UInt8(2 * mean - 200)
            var samples = [UInt16]()
            for place in 0..<8 * 8 {
                samples += [UInt16](repeating: UInt16(90 + place % 2 * spread), count: 3)
            }
            let picture = ArrayPixels(height: 8, width: 8, colours: 3, samples: samples)
            let found = await damageMask(levels, picture, { [] }, rule)
            let kept = found.values.indices.filter { found.values[$0] }
            let expected = isKept ? (line + square).sorted() : line
            XCTAssertEqual(kept, expected, "\(mean) \(spread)")
        }
    }

    /// A bar of four rows, of which the first face holds three, and a thin line in the second face.
    func testAFaceIsJudgedWithoutRegardToOthers() async {
        var rule = Detection()
        (rule.thick, rule.faceThick, rule.grow) = (1, 4, 0)
        let bar = (3...6).flatMap { row in (2...13).map { column in 16 * row + column } }
        let line = (5...10).map { 16 * 9 + $0 }
        var levels = [UInt8](repeating: 0, count: 12 * 16)
        for place in bar + line { levels[place] = 255 }
        let picture = ArrayPixels(height: 12, width: 16, colours: 3)
        let faces = [FaceArea([0, 0, 12, 6]), FaceArea([4, 2, 12, 10])]
        for order in [faces, faces.reversed()] {
            let found = await damageMask(levels, picture, { order }, rule)
            // Of the bar, only what lies outside of both is left.
            XCTAssertEqual(found.values.indices.filter { found.values[$0] }, [98, 99] + line)
        }
    }

    func testAFaceAreaIsRoundedDown() {
        let area = FaceArea(FaceBox(left: -7, top: -1, width: 9, height: 1e12), factor: 4)
        XCTAssertEqual([area.left, area.top, area.width, area.height], [-2, -1, 2, 250_000_000])
    }

    func testAFaceAreaIsCutToThePicture() {
        XCTAssertEqual(FaceArea([-3, 2, 9, 99]).box(rows: 5, columns: 7).sides, [2, 0, 5, 6])
        XCTAssertEqual(FaceArea([8, -9, 3, 4]).box(rows: 5, columns: 7).sides, [0, 7, 0, 7])
    }

    func testHalvesAreSeenDownToTheSmallestSide() async throws {
        for (smallest, sizes) in [(17, 1), (16, 2), (5, 3), (1, 7)] {
            let runner = Meddling(toys: Toys(finderPoints: [])) { _, _ in nil }
            _ = try await levels(runner, smallestSide: smallest)
            XCTAssertEqual(runner.calls(of: .scratch), sizes, "\(smallest)")
        }
    }

    /// A pixel of the half stands for four, and the size with the highest level counts.
    func testSizesAreMerged() async throws {
        let seen = Shares()
        let runner = Meddling(toys: Toys(finderPoints: [])) { _, inputs in
            seen.add(0)
            let (isFirst, cells) = (seen.all.count == 1, inputs[0].count / 48)
            var output = [Int8](repeating: -128, count: cells * 16)
            // The first cell behind the halo, in tiles of 14 and of 12 columns.
            let cell = 16 * (2 * (cells == 16 * 14 ? 14 : 12) + 2)
            output[cell] = Int8((isFirst ? 230 : 200) - 128)
            output[cell + 5] = isFirst ? -128 : 127
            return .int8(output)
        }
        let found = try await levels(runner, smallestSide: 16)
        var expected = [UInt8](repeating: 0, count: 20 * 33)
        for (row, level) in [(0, [230, 200, 0, 0]), (1, [200, 200, 0, 0]), (2, [0, 0, 255, 255])] {
            for (column, level) in level.enumerated() { expected[row * 33 + column] = UInt8(level) }
        }
        expected.replaceSubrange(3 * 33..<3 * 33 + 4, with: [0, 0, 255, 255])
        XCTAssertEqual(found, expected)
    }

    /// Levels of a black picture of 20 x 33 pixels, which fits into a tile in every size.
    private func levels(_ runner: Meddling, smallestSide: Int) async throws -> [UInt8] {
        let bundle = try ToyBundle.golden().bundle()
        let part = LoadedPart(
            .scratch, try XCTUnwrap(bundle.manifest.parts[.scratch]),
            try bundle.artifact(of: .scratch, precision: .int8, formats: [.litert]), runner, maxCells: nil)
        var rule = Detection()
        rule.smallestSide = smallestSide
        return try await damageLevels(part, ArrayPixels(height: 20, width: 33, colours: 3), rule)
    }
}
