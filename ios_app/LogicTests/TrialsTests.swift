import Foundation
import XCTest

@testable import HeirloomLogic

final class TrialsTests: XCTestCase {
    private let all = Candidate.all(in: [.float16, .int8])
    private let cpu = Candidate(precision: .float16, units: .cpuOnly)
    private let gpu = Candidate(precision: .float16, units: .cpuAndGPU)
    private let engine = Candidate(precision: .int8, units: .cpuAndNeuralEngine)

    func testTheFastestThatPassesIsUsed() {
        let known = trials(
            (cpu, .passed(seconds: 0.9)), (gpu, .failed), (engine, .passed(seconds: 0.1)))
        XCTAssertEqual(known.best(of: all), engine)
    }

    func testOfEqualsTheFirstIsUsed() {
        let known = trials((engine, .passed(seconds: 0.5)), (cpu, .passed(seconds: 0.5)))
        XCTAssertEqual(known.best(of: all), cpu)
    }

    func testWithoutOneThatPassesThereIsNone() {
        XCTAssertNil(trials((cpu, .failed), (engine, .crashed)).best(of: all))
    }

    func testAnotherPrecisionsCandidateIsNotUsed() {
        let known = trials((cpu, .passed(seconds: 0.9)), (engine, .passed(seconds: 0.1)))
        XCTAssertEqual(known.best(of: Candidate.all(in: [.float16])), cpu)
    }

    func testTheSafestAreTriedFirst() {
        XCTAssertEqual(all.count, 6)
        XCTAssertEqual(all.prefix(2).map(\.units), [.cpuOnly, .cpuOnly])
        XCTAssertEqual(all.suffix(2).map(\.units), [.cpuAndNeuralEngine, .cpuAndNeuralEngine])
    }

    func testACrashRulesOutAtTheNextStart() throws {
        let file = try temporary()
        var known = trials((cpu, .passed(seconds: 1)))
        known.begin(engine)
        try file.write(known)
        let next = file.read()
        XCTAssertEqual(next.outcomes[engine], .crashed)
        XCTAssertEqual(next.best(of: all), cpu)
    }

    func testAnotherScopeOrABrokenFileStartsAnew() throws {
        let file = try temporary()
        try file.write(trials((cpu, .failed)))
        XCTAssertEqual(TrialFile(url: file.url, scope: "another").read(), Trials())
        try Data("{".utf8).write(to: file.url)
        XCTAssertEqual(file.read(), Trials())
    }

    func testEachIsTriedOnceAndUnderWayOnDisk() async throws {
        struct Refused: Error {}
        let file = try temporary()
        let tried = Tried()
        let known = try await tryAll(all, file) { candidate in
            // A start at this moment would find that this one has crashed.
            XCTAssertEqual(file.read().outcomes[candidate], .crashed)
            await tried.add(candidate)
            switch candidate.units {
            case .cpuOnly: return 2
            case .cpuAndGPU: return nil
            case .cpuAndNeuralEngine: throw Refused()
            }
        }
        let order = await tried.candidates
        XCTAssertEqual(order, all)
        XCTAssertEqual(known.best(of: all), cpu)
        XCTAssertEqual(known.outcomes[gpu], .failed)
        XCTAssertEqual(known.outcomes[engine], .failed)
        let again = try await tryAll(all, file) { _ in
            XCTFail("tried twice")
            return nil
        }
        XCTAssertEqual(again, known)
    }

    func testTheFirstThatPassesUnlocksAndTheOthersAreTriedLater() async throws {
        let file = try temporary()
        let tried = Tried()
        let first = try await tryAll(all, file, untilOnePasses: true) { candidate in
            await tried.add(candidate)
            return candidate == all[0] ? nil : 1
        }
        XCTAssertEqual(first.best(of: all), all[1])
        let rest = try await tryAll(all, file) { candidate in
            await tried.add(candidate)
            return 0.5
        }
        let order = await tried.candidates
        XCTAssertEqual(order, all)
        XCTAssertEqual(rest.best(of: all), all[2])
    }

    func testAFullStorageCountsAgainstNobody() async throws {
        struct Full: Error {}
        let file = try temporary()
        do {
            _ = try await tryAll(all, file) { _ in
                throw Full()
            } run: { _ in
                XCTFail("not prepared")
                return 1
            }
            XCTFail("nothing was thrown")
        } catch is Full {}
        XCTAssertEqual(file.read(), Trials())
    }

    func testWhatIsCancelledIsTriedAgain() async throws {
        let file = try temporary()
        let all = all
        let task = Task {
            try await tryAll(all, file) { _ in
                try await Task.sleep(for: .seconds(60))
                return 1
            }
        }
        while file.read() == Trials() { try await Task.sleep(for: .milliseconds(5)) }
        task.cancel()
        XCTAssertEqual(file.read(), Trials())
        do {
            _ = try await task.value
            XCTFail("not cancelled")
        } catch is CancellationError {}
        XCTAssertEqual(file.read(), Trials())
    }

    func testTwoPhotosInARowThatDidNotEndRuleOut() async throws {
        let file = try temporary()
        try file.write(trials((cpu, .passed(seconds: 0.9)), (engine, .passed(seconds: 0.1))))
        await restoring(with: engine, file) {
            // The app would die here, and once more at its next photo.
            XCTAssertEqual(file.read().best(of: all), engine)
            await restoring(with: engine, file) { XCTAssertEqual(file.read().best(of: all), cpu) }
        }
        XCTAssertEqual(file.read().best(of: all), engine)
    }

    func testTheCPUIsNeverRuledOutByPhotos() throws {
        var known = trials((cpu, .passed(seconds: 1)))
        for _ in 0..<3 { known.beginPhoto(cpu) }
        XCTAssertEqual(known.best(of: all), cpu)
    }

    private func trials(_ outcomes: (Candidate, Trials.Outcome)...) -> Trials {
        var trials = Trials()
        for (candidate, outcome) in outcomes {
            trials.begin(candidate)
            trials.end(outcome)
        }
        return trials
    }

    private func temporary() throws -> TrialFile {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        addTeardownBlock { try? FileManager.default.removeItem(at: url) }
        return TrialFile(url: url, scope: "bundle, system and app")
    }
}

private actor Tried {
    private(set) var candidates: [Candidate] = []

    func add(_ candidate: Candidate) {
        candidates.append(candidate)
    }
}
