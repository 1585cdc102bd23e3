import Foundation
import RestoreCore
import XCTest

@testable import HeirloomLogic

final class ChoicesTests: XCTestCase {
    func testEverythingIsOnAtFirst() {
        let options = Choices().options()
        XCTAssertEqual(options.strength, 1)
        XCTAssertEqual(options.faces, .auto)
        XCTAssert(options.keepGray)
        guard case .auto = options.scratches else { return XCTFail("scratches are left") }
    }

    func testWhatIsTurnedOffIsLeft() {
        let options = Choices(scratches: false, faces: false, keepGray: false, strength: 0.5).options()
        XCTAssertEqual(options.strength, 0.5)
        XCTAssertEqual(options.faces, .off)
        XCTAssertFalse(options.keepGray)
        guard case .off = options.scratches else { return XCTFail("scratches are mended") }
    }

    func testWhatIsMarkedIsRepairedUnlessRepairIsOff() throws {
        let marks = Marks(found: nil, height: 3, width: 4)
        guard case .off = Choices().options(marks: marks).scratches else { return XCTFail("found again") }
        var drawn = marks
        drawn.add(try Stroke(points: [Stroke.Place(column: 1, row: 1)], radius: 0))
        guard case .painted = Choices().options(marks: drawn, fillOnly: true).scratches else {
            return XCTFail("not painted")
        }
        XCTAssert(Choices().options(marks: drawn, fillOnly: true).fillOnly)
        let off = Choices(scratches: false).options(marks: drawn)
        guard case .off = off.scratches else { return XCTFail("scratches are mended") }
    }

    func testTheBundleThatShipsIsTriedInBothPrecisions() throws {
        let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let text = try Data(
            contentsOf: repository.appendingPathComponent("edge/bundles/mobile/manifest.json"))
        XCTAssertEqual(try Manifest(json: text).coreMLPrecisions, [.float16, .int8])
    }
}
