import XCTest

@testable import RestoreCore

final class StitchingTests: XCTestCase {
    private struct File: Decodable {
        struct Case: Decodable {
            let picture: Picture
            let spec: Tensor
            let stride: Int
            let strength: Double
            let gray: Bool
            let keep: [Int]
            let shape: [Int]
            let residual: [Double]
            let result: [UInt16]
        }
        let cases: [Case]
    }

    func testResidualsAreAdded() throws {
        for each in try GoldenFiles.read("stitching", as: File.self).cases {
            let pixels = each.picture.pixels
            let stitcher = Stitcher(
                pixels, each.spec, stride: each.stride, strength: each.strength, gray: each.gray)
            let residual = Stored(each.residual, each.spec.dtype)
            stitcher.add(Box(each.keep), from: residual, columns: each.shape[1], halo: 0)
            XCTAssertEqual(
                pixels.samples, each.result, "\(each.picture.shape) \(each.strength) \(each.gray)")
        }
    }

    /// The valid cells of a tile lie inside its halo.
    func testTheHaloIsLeftOut() throws {
        let tensor = try JSONDecoder().decode(
            Tensor.self,
            from: Data(#"{"role":"residual","name":"r","channels":3,"dtype":"float32"}"#.utf8))
        let pixels = ArrayPixels(height: 2, width: 2, colours: 3)
        var tile = [Float](repeating: 1, count: 4 * 5 * 3)
        tile[3 * (2 * 5 + 2)] = 0.5
        Stitcher(pixels, tensor, stride: 1, strength: 1, gray: false).add(
            Box(top: 0, left: 0, bottom: 2, right: 2), from: .float32(tile), columns: 5, halo: 1)
        XCTAssertEqual(pixels.samples, [255, 255, 255, 255, 255, 255, 255, 255, 255, 128, 255, 255])
    }
}
