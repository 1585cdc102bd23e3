import Foundation
import XCTest

@testable import RestoreCore

final class PlaneTests: XCTestCase {
    private let area = Box(top: -2, left: -3, bottom: 5, right: 6)

    func testMappedAndHeapPlanesAreTheSame() throws {
        for storage in [Plane.Storage.int8, .uint8, .float16, .float32] {
            let planes = try [false, true].map {
                try Plane(area: area, channels: 3, storage: storage, mapped: $0)
            }
            for plane in planes { plane.write(area, from: tile(storage), columns: 11, halo: 1) }
            // Inside, and beyond each border.
            for box in [
                Box(top: -1, left: -2, bottom: 4, right: 5), Box(top: -20, left: -9, bottom: 12, right: 30),
                Box(top: 7, left: 8, bottom: 9, right: 10),
            ] {
                XCTAssertEqual(planes[0].read(box), planes[1].read(box))
                XCTAssertEqual(planes[0].read(box).count, box.rows * box.columns * 3)
            }
        }
    }

    func testWhatIsReadIsWhatWasWritten() throws {
        for storage in [Plane.Storage.int8, .uint8, .float16, .float32] {
            let plane = try Plane(area: area, channels: 3, storage: storage)
            plane.write(area, from: tile(storage), columns: 11, halo: 1)
            let inner = Box(top: -2, left: 0, bottom: -1, right: 2)
            // Row 0 of the plane is row 1 of the tile, column 3 its column 4.
            let first = (11 + 4) * 3
            XCTAssertEqual(
                plane.read(inner), Stored((first..<first + 6).map { Double($0 % 100) }, tile(storage).dtype)
            )
        }
    }

    func testALargePlaneIsMappedAndLeavesNoFile() throws {
        let folder = FileManager.default.temporaryDirectory.path
        let plane = try Plane(
            area: Box(top: 0, left: 0, bottom: 512, right: 512), channels: 64, storage: .float16)
        XCTAssertTrue(
            try FileManager.default.contentsOfDirectory(atPath: folder).allSatisfy {
                !$0.hasPrefix("heirloom-")
            })
        let corner = Box(top: 511, left: 511, bottom: 512, right: 512)
        plane.write(corner, from: .float32([Float](repeating: 0.5, count: 64)), columns: 1, halo: 0)
        XCTAssertEqual(plane.read(corner), .float32([Float](repeating: 0.5, count: 64)))
    }

    func testCoreMLsFloatsAreKeptAsHalves() throws {
        let shipped = GoldenFiles.repository.appendingPathComponent("edge/bundles/mobile/manifest.json")
        let manifest = try Manifest(json: Data(contentsOf: shipped))
        let encoders = try XCTUnwrap(manifest.parts[.encoder]).artifacts
        for each in encoders {
            let storage = Plane.Storage(each.outputs[0], of: each)
            switch (each.format, each.precision) {
            case (.coreml, _): XCTAssertEqual(storage, .float16)
            case (_, .int8): XCTAssertEqual(storage, .int8)
            default: XCTAssertEqual(storage, .float32)
            }
        }
        let half = try XCTUnwrap(encoders.first { $0.format == .coreml })
        // 48 megapixels.
        XCTAssertEqual(Budget.storage(height: 6000, width: 8000, encoder: half), 384_000_000)
    }

    /// Three planes of a byte a pixel, six where the picture is shrunk, or a painted mask; and the pixels.
    func testWhatFindingDamageTakes() {
        func bytes(_ height: Int, _ width: Int) -> Int {
            Budget.memory(height: height, width: width) - Budget.base
        }
        XCTAssertEqual(bytes(3024, 4032), 3024 * 4032 * (4 + 3))
        XCTAssertEqual(bytes(6048, 8064), 6048 * 8064 * 4 + 3024 * 4032 * 6)
        XCTAssertEqual(bytes(100, 12000), 100 * 12000 * (4 + 1))
        XCTAssertEqual(Budget.memory(height: 90, width: 60, largestSide: 30) - Budget.base, 90 * 60 * 5)
    }

    func testNoRoomIsATypedError() {
        XCTAssertThrowsError(try MappedMemory(bytes: 1 << 60, mapped: true)) {
            XCTAssertEqual(($0 as? HeirloomError)?.kind, .memoryBudgetExceeded)
        }
    }

    /// 9 x 11 cells of three channels that count from 0 to 99, again and again.
    private func tile(_ storage: Plane.Storage) -> Stored {
        let values = (0..<9 * 11 * 3).map { Double($0 % 100) }
        return switch storage {
        case .int8: Stored(values, .int8)
        case .uint8: Stored(values, .uint8)
        case .float16, .float32: Stored(values, .float32)
        }
    }
}
