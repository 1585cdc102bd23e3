import XCTest

@testable import HeirloomLogic

final class PackedTests: XCTestCase {
    private let memory = (0..<100).map(Float.init)

    func testWhatHasNoGapsIsTakenAsItIs() {
        XCTAssertEqual(packed([2, 3, 4], [12, 4, 1]), Array(memory[..<24]))
    }

    func testGapsBehindRowsAreLeftOut() {
        XCTAssertEqual(packed([1, 2, 3], [999, 8, 1]), [0, 1, 2, 8, 9, 10])
        XCTAssertEqual(packed([2, 2, 2], [40, 16, 1]), [0, 1, 16, 17, 40, 41, 56, 57])
    }

    func testGapsBetweenPlanesAreLeftOut() {
        XCTAssertEqual(packed([2, 2, 2], [32, 2, 1]), [0, 1, 2, 3, 32, 33, 34, 35])
    }

    func testTheOrderIsThatOfTheShapeAndNotOfTheMemory() {
        XCTAssertEqual(packed([2, 3], [1, 2]), [0, 2, 4, 1, 3, 5])
        XCTAssertEqual(packed([3, 2], [16, 4]), [0, 4, 16, 20, 32, 36])
    }

    func testSidesOfOneAndOfNone() {
        XCTAssertEqual(packed([1, 1, 3, 1], [7, 7, 1, 7]), [0, 1, 2])
        XCTAssertEqual(packed([2, 1], [8, 8]), [0, 8])
        XCTAssertEqual(packed([2, 0], [8, 1]), [])
        XCTAssertEqual(packed([], []), [0])
    }

    private func packed(_ shape: [Int], _ strides: [Int]) -> [Float] {
        memory.withUnsafeBufferPointer { HeirloomLogic.packed($0, shape: shape, strides: strides) }
    }
}
