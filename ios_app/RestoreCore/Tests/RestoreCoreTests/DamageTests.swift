import XCTest

@testable import RestoreCore

final class DamageTests: XCTestCase {
    private struct File: Decodable {
        struct Cell: Decodable {
            let maskShape: [Int]
            let mask: [Int]
            let factor: Int
            let photoShape: [Int]
            let box: [Int]
            let stride: Int
            let cells: [Int]
        }
        struct Painted: Decodable {
            let picture: Picture
            let mask: [Int]
        }
        struct Pooled: Decodable {
            let shape: [Int]
            let spec: Tensor
            let latent: [Double]
            let intact: [Int]
            let grid: Int
            let tokens: [Double]
        }
        let cells: [Cell]
        let painted: [Painted]
        let pooled: [Pooled]
    }

    private let golden = Result { try GoldenFiles.read("damage", as: File.self) }

    func testCells() throws {
        for each in try golden.get().cells {
            let damage = Damage(Mask(each.maskShape, each.mask), factor: each.factor)
            let box = Box(each.box)
            let (height, width) = (each.photoShape[0], each.photoShape[1])
            let found = damage.cells(box, stride: each.stride, height: height, width: width)
            XCTAssertEqual(found, bools(each.cells))
            let size = each.stride * each.stride
            XCTAssertEqual(
                damage.intact(box, stride: each.stride, height: height, width: width),
                stride(from: 0, to: found.count, by: size).map { !found[$0..<$0 + size].contains(true) })
        }
    }

    func testPainted() throws {
        for each in try golden.get().painted {
            let damage = Damage(painted: each.picture.pixels)
            XCTAssertEqual(damage, Damage(Mask(each.picture.shape, each.mask), factor: 1))
        }
    }

    func testAScratchStaysVisibleInAShrunkPhoto() {
        let damage = Damage(Mask([2, 3], [0, 1, 0, 0, 0, 0]), factor: 2)
        XCTAssertEqual(
            damage.shrunk(rows: 3, columns: 5, height: 3, width: 5).values.filter { $0 }.count, 4)
        XCTAssertEqual(damage.shrunk(rows: 1, columns: 2, height: 3, width: 5), Mask([1, 2], [1, 1]))
        XCTAssertEqual(damage.shrunk(rows: 3, columns: 1, height: 3, width: 5), Mask([3, 1], [1, 1, 0]))
    }

    func testPooled() throws {
        for each in try golden.get().pooled {
            let area = Box(top: 0, left: 0, bottom: each.shape[0], right: each.shape[1])
            let storage: Plane.Storage = each.spec.dtype == .int8 ? .int8 : .float32
            let plane = try Plane(area: area, channels: each.shape[2], storage: storage)
            plane.write(area, from: Stored(each.latent, each.spec.dtype), columns: area.columns, halo: 0)
            let tokens = pool(plane, area, intact: bools(each.intact), grid: each.grid, as: each.spec)
            XCTAssertEqual(tokens, Stored(each.tokens, each.spec.dtype))
        }
    }
}
