import XCTest

@testable import RestoreCore

final class RegionsTests: XCTestCase {
    /// A spiral and what it winds around, corners that touch, a row's end next to the next one's beginning.
    private let drawn = [
        "########..#",
        "#......#.#.",
        "#.####.#..#",
        "#.#..#.#...",
        "#.#.##.#.##",
        "#.#....#...",
        "#.######.##",
        "#..........",
        "##########.",
    ]

    func testDrawn() {
        let mask = Mask(rows: 9, columns: 11, values: drawn.joined().map { $0 == "#" })
        XCTAssertEqual(Regions(mask.values, columns: 11) { $0 }.count, 4)
        assertConnected(mask)
    }

    func testRandom() {
        var random = Random()
        for percent in [20, 35, 50, 65, 100] {
            for (rows, columns) in [(1, 1), (1, 30), (30, 1), (23, 31)] {
                let values = (0..<rows * columns).map { _ in random.next(below: 100) < percent }
                assertConnected(Mask(rows: rows, columns: columns, values: values))
            }
        }
    }

    func testOnlyTheChosenAreSet() {
        let regions = Regions([true, false, true, true], columns: 4) { $0 }
        var mask = Mask(rows: 1, columns: 4, values: [false, true, true, false])
        regions.set(&mask, to: true, where: [true, false])
        XCTAssertEqual(mask.values, [true, true, true, false])
        regions.set(&mask, to: false, where: [false, true])
        XCTAssertEqual(mask.values, [true, true, false, false])
    }

    /// Compares each region with a flood fill from pixel to pixel.
    private func assertConnected(_ mask: Mask, line: UInt = #line) {
        var random = Random()
        let plane = mask.values.map { _ in UInt8(random.next(below: 256)) }
        let regions = Regions(mask.values, columns: mask.columns) { $0 }
        var found = Set<[Int]>()
        for (region, area) in regions.areas.enumerated() {
            var one = Mask(
                rows: mask.rows, columns: mask.columns, values: mask.values.map { _ in false })
            regions.set(&one, to: true, where: (0..<regions.count).map { $0 == region })
            let places = one.values.indices.filter { one.values[$0] }
            XCTAssertEqual(area, places.count, line: line)
            let values = places.map { Int(plane[$0]) }
            XCTAssertEqual(regions.sums(plane)[region], values.reduce(0, +), line: line)
            XCTAssertEqual(
                regions.sumsOfSquares(plane)[region], values.map { $0 * $0 }.reduce(0, +), line: line)
            XCTAssertEqual(regions.maxima(plane)[region], values.max(), line: line)
            found.insert(places)
        }
        XCTAssertEqual(found, flooded(mask), line: line)
    }

    private func flooded(_ mask: Mask) -> Set<[Int]> {
        var (regions, left) = (Set<[Int]>(), mask)
        for place in mask.values.indices where left.values[place] {
            var (found, open) = ([Int](), [place])
            left.values[place] = false
            while let next = open.popLast() {
                found.append(next)
                let (row, column) = (next / mask.columns, next % mask.columns)
                for y in max(0, row - 1)...min(mask.rows - 1, row + 1) {
                    for x in max(0, column - 1)...min(mask.columns - 1, column + 1)
                    where left.values[y * mask.columns + x] {
                        left.values[y * mask.columns + x] = false
                        open.append(y * mask.columns + x)
                    }
                }
            }
            regions.insert(found.sorted())
        }
        return regions
    }
}

/// The same numbers in every run.
private struct Random {
    private var state: UInt64 = 1

    mutating func next(below limit: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % limit
    }
}
