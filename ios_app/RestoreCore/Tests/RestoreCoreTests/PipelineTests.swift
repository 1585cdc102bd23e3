import Foundation
import XCTest

@testable import RestoreCore

/// Whole photos through the whole pipeline, with the toy networks.
final class PipelineTests: XCTestCase {
    func testEveryCase() async throws {
        let golden = try ToyBundle.golden()
        for (index, each) in golden.cases.enumerated() {
            let colour = each.result.channels == each.picture.channels
            let pixels = colour ? each.picture.pixels : ArrayPixels(inColour: each.picture.pixels)
            let seen = Shares()
            let restored = try await golden.restorer().restore(pixels, options: each.options) {
                seen.add($0)
            }
            XCTAssertEqual(restored.done, each.done, "case \(index)")
            XCTAssertEqual(restored.faces.count, each.facesFound, "case \(index)")
            XCTAssertEqual(pixels.samples, each.result.values, "case \(index)")
            XCTAssertEqual(seen.all.last ?? 0, 1, accuracy: 1e-9)
            XCTAssertEqual(seen.all, seen.all.sorted())
        }
    }

    func testMemoryOfAnyLayoutGivesTheSame() async throws {
        let golden = try ToyBundle.golden()
        let each = golden.cases[0]
        let (height, width) = (each.picture.shape[0], each.picture.shape[1])
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: height * width * 4, alignment: 16)
        defer { memory.deallocate() }
        let alpha = [UInt16](repeating: 77, count: height * width)
        memory.copyBytes(from: joinAlpha(colours: each.picture.values, alpha: alpha).map { UInt8($0) })
        let pixels = RGBXPixels(memory: memory, height: height, width: width, bytesPerRow: width * 4)
        _ = try await golden.restorer().restore(pixels, options: each.options)
        let (colours, after) = splitAlpha(memory.map(UInt16.init), channels: 4)
        XCTAssertEqual(colours, each.result.values)
        XCTAssertEqual(after, alpha)
    }

    func testWhatRestoreWouldFind() async throws {
        let golden = try ToyBundle.golden()
        let group = try XCTUnwrap(golden.cases.first { $0.facesFound > 0 })
        let restorer = try golden.restorer()
        let pixels = group.picture.pixels
        let boxes = try await restorer.findFaces(pixels, options: group.options)
        XCTAssertEqual(boxes.count, group.facesFound)
        let damage = try await restorer.findDamage(pixels, options: group.options)
        XCTAssertEqual(damage != nil, group.done[0].hasPrefix("scratches"))
        XCTAssertEqual(pixels.samples, group.picture.values)
        let none = try await restorer.findDamage(pixels, options: Options(scratches: .off))
        XCTAssertNil(none)
    }
}

/// What a restoration said of its progress.
final class Shares: @unchecked Sendable {
    private let lock = NSLock()
    private var shares = [Double]()

    func add(_ share: Double) { lock.withLock { shares.append(share) } }

    var all: [Double] { lock.withLock { shares } }
}
