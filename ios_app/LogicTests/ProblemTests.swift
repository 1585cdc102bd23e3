import Foundation
import RestoreCore
import XCTest

@testable import HeirloomLogic

final class ProblemTests: XCTestCase {
    private struct CoreMLFailed: LocalizedError {
        var errorDescription: String? { "Error computing NN outputs." }
    }

    func testWhatFailsInTheBackgroundIsNotToldInCoreMLsWords() {
        XCTAssertEqual(Problem(CoreMLFailed()), .other("Error computing NN outputs."))
        XCTAssertEqual(Problem(CoreMLFailed(), leftScreen: true), .leftScreen)
        let nan = HeirloomError(.networkFailed, "not finite")
        XCTAssertEqual(Problem(nan), .other("not finite"))
        XCTAssertEqual(Problem(nan, leftScreen: true), .leftScreen)
    }

    func testWhatHasAnotherCauseStaysThatInTheBackground() {
        XCTAssertEqual(Problem(Problem.notWritten, leftScreen: true), .notWritten)
        XCTAssertEqual(Problem(HeirloomError(.memoryBudgetExceeded, ""), leftScreen: true), .noRoom)
        XCTAssertEqual(Problem(HeirloomError(.checksumMismatch, "")), .brokenNetworks)
    }

    func testQuartersAreWholeOnes() {
        let shares: [Double?] = [nil, 0, 0.24, 0.25, 0.74, 1]
        let quarters = shares.map { Activity(kind: .restoring, share: $0).quarters }
        XCTAssertEqual(quarters, [0, 0, 0, 1, 2, 4])
    }

    func testPhotosWaitInTheirOrder() {
        var waiting = Waiting<String>()
        waiting.add(["first", "second"])
        waiting.add(["third"])
        waiting.add(["now"], inFront: true)
        XCTAssertEqual(waiting.count, 4)
        let order = (0..<5).map { _ in waiting.next() }
        XCTAssertEqual(order, ["now", "first", "second", "third", nil])
    }
}
