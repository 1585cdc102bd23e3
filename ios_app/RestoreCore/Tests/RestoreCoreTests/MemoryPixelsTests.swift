import XCTest

@testable import RestoreCore

/// Pixels in other layouts than the golden vectors have.
final class MemoryPixelsTests: XCTestCase {
    func testBytesAreUsedInPlaceAndTheFourthIsLeft() {
        for (order, expected) in [
            (RGBXPixels.Order.rgbx, [1, 2, 3, 5, 6, 7]), (.bgrx, [3, 2, 1, 7, 6, 5]),
        ] {
            let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * 12, alignment: 16)
            defer { memory.deallocate() }
            memory.copyBytes(from: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 9])
            let pixels = RGBXPixels(memory: memory, height: 2, width: 2, bytesPerRow: 12, order: order)
            var line = [UInt16](repeating: 0, count: 6)
            pixels.read(row: 1, left: 0, count: 2, into: &line)
            XCTAssertEqual(line, expected.map(UInt16.init))
            pixels.write(row: 1, left: 1, count: 1, from: [10, 20, 30])
            let written: [UInt8] = order == .rgbx ? [10, 20, 30] : [30, 20, 10]
            XCTAssertEqual(Array(memory[12...]), [1, 2, 3, 4] + written + [8, 9, 9, 9, 9])
        }
    }

    func testSixteenBits() {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 16, alignment: 16)
        defer { memory.deallocate() }
        let all = memory.bindMemory(to: UInt16.self)
        for index in all.indices { all[index] = UInt16(60000 + index) }
        let pixels = RGBXPixels(memory: memory, height: 1, width: 2, bytesPerRow: 16, top: 65535)
        var line = [UInt16](repeating: 0, count: 3)
        pixels.read(row: 0, left: 1, count: 1, into: &line)
        XCTAssertEqual(line, [60004, 60005, 60006])
        pixels.write(row: 0, left: 0, count: 1, from: [1, 2, 3])
        XCTAssertEqual(Array(all), [1, 2, 3, 60003, 60004, 60005, 60006, 60007])
    }

    func testTheOwnerLivesAsLongAsThePixels() {
        final class Owner {}
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 4, alignment: 16)
        defer { memory.deallocate() }
        var owner: Owner? = Owner()
        weak var kept = owner
        var pixels: RGBXPixels? = RGBXPixels(
            memory: memory, height: 1, width: 1, bytesPerRow: 4, owner: owner)
        owner = nil
        XCTAssertNotNil(kept)
        XCTAssertEqual(pixels?.width, 1)
        pixels = nil
        XCTAssertNil(kept)
    }

    func testGrayInColour() {
        let gray = ArrayPixels(height: 1, width: 2, colours: 1, top: 65535, samples: [7, 60000])
        let colour = ArrayPixels(inColour: gray)
        XCTAssertEqual(colour.samples, [7, 7, 7, 60000, 60000, 60000])
        XCTAssertEqual(colour.top, 65535)
    }

    func testThereMayBeNoAlpha() {
        XCTAssertEqual(joinAlpha(colours: [1, 2, 3], alpha: []), [1, 2, 3])
    }
}
