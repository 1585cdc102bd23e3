import XCTest

@testable import HeirloomLogic

final class UprightTests: XCTestCase {
    /// Visible sides of the stored picture's first row and first column, by EXIF's definition.
    private let seen: [Int: (row: String, column: String)] = [
        1: ("top", "left"), 2: ("top", "right"), 3: ("bottom", "right"), 4: ("bottom", "left"),
        5: ("left", "top"), 6: ("right", "top"), 7: ("right", "bottom"), 8: ("left", "bottom"),
    ]

    func testFirstRowAndColumnAreSeenWhereExifSays() {
        let (width, height) = (7, 3)
        for (orientation, sides) in seen {
            let upright = Upright(orientation: orientation, width: width, height: height)
            let row = (0..<width).map { place($0, 0, upright, storedHeight: height) }
            let column = (0..<height).map { place(0, $0, upright, storedHeight: height) }
            XCTAssertEqual(side(of: row, upright), sides.row, "row of \(orientation)")
            XCTAssertEqual(side(of: column, upright), sides.column, "column of \(orientation)")
        }
    }

    func testEveryPixelLandsInsideOnce() {
        for orientation in 1...8 {
            let upright = Upright(orientation: orientation, width: 5, height: 4)
            var places = Set<[Double]>()
            for y in 0..<4 {
                for x in 0..<5 {
                    let (across, down) = place(x, y, upright, storedHeight: 4)
                    XCTAssert(across > 0 && across < Double(upright.width))
                    XCTAssert(down > 0 && down < Double(upright.height))
                    places.insert([across, down])
                }
            }
            XCTAssertEqual(places.count, 20)
        }
    }

    func testAPartIsDrawnWithItsCornerAtThePicturesOwn() {
        let crop = Crop(left: 1, top: 2, width: 3, height: 2)
        for orientation in 1...4 {
            let whole = Upright(orientation: orientation, width: 5, height: 6)
            let part = whole.cropped(to: crop)
            let (across, down) = place(2, 3, whole, storedHeight: 6)
            let (partAcross, partDown) = place(2, 3, part, storedHeight: 6)
            XCTAssertEqual(partAcross, across - 1)
            XCTAssertEqual(partDown, down - 2)
            XCTAssertEqual([part.width, part.height], [3, 2])
        }
    }

    func testUnknownOrientationIsUpright() {
        XCTAssertEqual(
            Upright(orientation: 0, width: 5, height: 4), Upright(orientation: 1, width: 5, height: 4))
    }

    /// The place at which a stored pixel's middle is drawn; y downwards on both sides.
    private func place(_ x: Int, _ y: Int, _ how: Upright, storedHeight: Int) -> (Double, Double) {
        let (across, up) = (Double(x) + 0.5, Double(storedHeight - y) - 0.5)
        return (
            how.a * across + how.c * up + how.tx,
            Double(how.height) - (how.b * across + how.d * up + how.ty)
        )
    }

    private func side(of points: [(Double, Double)], _ upright: Upright) -> String? {
        let sides: [(String, ((Double, Double)) -> Bool)] = [
            ("left", { $0.0 == 0.5 }), ("right", { $0.0 == Double(upright.width) - 0.5 }),
            ("top", { $0.1 == 0.5 }), ("bottom", { $0.1 == Double(upright.height) - 0.5 }),
        ]
        return sides.first { points.allSatisfy($0.1) }?.0
    }
}
