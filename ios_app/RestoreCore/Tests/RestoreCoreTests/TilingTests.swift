import XCTest

@testable import RestoreCore

final class TilingTests: XCTestCase {
    private struct File: Decodable {
        struct Plan: Decodable {
            let area: [Int]
            let sizes: [[Int]]
            let halo: Int
            let tiles: [[Int]]
        }
        struct Offered: Decodable {
            let sizes: [[Int]]
            let halo: Int
        }
        struct Mirrored: Decodable {
            let start: Int
            let stop: Int
            let length: Int
            let indices: [Int]
        }
        struct Window: Decodable {
            let keep: [Int]
            let size: [Int]
            let halo: Int
            let window: [Int]
        }
        struct Band: Decodable {
            let mappedArea: [Int]
            let mapping: [[Int]]
            let decoding: [[Int]]
        }
        struct Way: Decodable {
            let shape: [Int]
            let stride: Int
            let encoder: Offered
            let mapper: Offered
            let decoder: Offered
            let latentArea: [Int]
            let encoding: [[Int]]
            let bands: [Band]
        }
        let plans: [Plan]
        let refused: [Offered]
        let mirrored: [Mirrored]
        let windows: [Window]
        let routes: [Way]
    }

    private let golden = Result { try GoldenFiles.read("tiling", as: File.self) }

    func testPlans() throws {
        for each in try golden.get().plans {
            let found = try plan(Box(each.area), sizes: each.sizes.map(TileSize.init), halo: each.halo)
            XCTAssertEqual(found.map(\.row), each.tiles, "\(each.area) \(each.sizes) \(each.halo)")
        }
    }

    func testTilesThatAreAllHaloAreRefused() throws {
        let area = Box(top: 0, left: 0, bottom: 5, right: 5)
        for each in try golden.get().refused {
            XCTAssertThrowsError(try plan(area, sizes: each.sizes.map(TileSize.init), halo: each.halo))
        }
        XCTAssertThrowsError(try plan(area, sizes: [], halo: 0))
    }

    func testMirroring() throws {
        for each in try golden.get().mirrored {
            let found = (each.start..<each.stop).map { mirrored($0, each.length) }
            XCTAssertEqual(found, each.indices)
        }
    }

    func testWindows() throws {
        for each in try golden.get().windows {
            let found = window(Box(each.keep), size: TileSize(each.size), halo: each.halo)
            XCTAssertEqual(found.sides, each.window)
        }
    }

    func testRoutes() throws {
        for each in try golden.get().routes {
            let offers = [each.encoder, each.mapper, each.decoder].map {
                Offer(sizes: $0.sizes.map(TileSize.init), halo: $0.halo)
            }
            let route = try Route(
                height: each.shape[0], width: each.shape[1], stride: each.stride, encoder: offers[0],
                mapper: offers[1], decoder: offers[2])
            XCTAssertEqual(route.latentArea.sides, each.latentArea)
            XCTAssertEqual(route.encoding.map(\.row), each.encoding)
            XCTAssertEqual(route.bands.map(\.mappedArea.sides), each.bands.map(\.mappedArea))
            for (band, expected) in zip(route.bands, each.bands) {
                XCTAssertEqual(band.mapping.map(\.row), expected.mapping)
                XCTAssertEqual(band.decoding.map(\.row), expected.decoding)
            }
        }
    }
}
