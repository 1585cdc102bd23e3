import XCTest

@testable import RestoreCore

final class PixelTests: XCTestCase {
    private struct File: Decodable {
        struct Seen: Decodable {
            let picture: Picture
            let box: [Int]
            let values: [UInt8]
        }
        struct Cell: Decodable {
            let picture: Picture
            let stride: Int
            let shape: [Int]
            let cells: [UInt8]
        }
        struct Shrunk: Decodable {
            let picture: Picture
            let factor: Int
            let shape: [Int]
            let values: [UInt16]
        }
        struct Values: Decodable {
            let spec: Tensor
            let values: [Double]
            let stored: [Double]
        }
        struct Carried: Decodable {
            let picture: Picture
            let colours: Picture
            let alpha: [UInt16]
        }
        let seen: [Seen]
        let cells: [Cell]
        let shrunk: [Shrunk]
        let stored: [Values]
        let real: [Values]
        let carried: [Carried]
    }

    private let golden = Result { try GoldenFiles.read("pixels", as: File.self) }

    func testSeenByANetwork() throws {
        for each in try golden.get().seen {
            let box = Box(each.box)
            var rows = SeenRows(each.picture.pixels, left: box.left, right: box.right)
            var seen = [UInt8]()
            var line = [UInt8](repeating: 0, count: 3 * box.columns)
            for row in box.top..<box.bottom {
                rows.read(row, into: &line)
                seen += line
            }
            XCTAssertEqual(seen, each.values)
        }
    }

    func testCells() throws {
        for each in try golden.get().cells {
            let box = Box(top: 0, left: 0, bottom: each.shape[0], right: each.shape[1])
            let levels = Stored.uint8((0...255).map { UInt8($0) })
            let found = cells(of: [each.picture.pixels], box, stride: each.stride, levels: levels)
            XCTAssertEqual(found, .uint8(each.cells))
        }
    }

    func testShrink() throws {
        for each in try golden.get().shrunk {
            let small = shrink(each.picture.pixels, each.factor)
            XCTAssertEqual([small.height, small.width, small.colours], each.shape)
            XCTAssertEqual(small.samples, each.values)
        }
    }

    func testStore() throws {
        for each in try golden.get().stored {
            XCTAssertEqual(store(each.values, as: each.spec), Stored(each.stored, each.spec.dtype))
        }
    }

    func testReal() throws {
        for each in try golden.get().real {
            let found = real(Stored(each.stored, each.spec.dtype), as: each.spec)
            XCTAssertEqual(found.map(Double.init), each.values)
        }
    }

    func testAlphaIsCarried() throws {
        for each in try golden.get().carried {
            let (colours, alpha) = splitAlpha(each.picture.values, channels: each.picture.channels)
            XCTAssertEqual(colours, each.colours.values)
            XCTAssertEqual(alpha, each.alpha)
            XCTAssertEqual(joinAlpha(colours: colours, alpha: alpha), each.picture.values)
        }
    }
}
