/// Test results of the candidates on this device, and the choice among them.
///
/// A candidate is entered as under way before it runs. One that is found under way when the app starts
/// has crashed it, and is not tried again. Photos are a heavier load than
/// the trials: a candidate with which two photos in a row did not end is not used either.
struct Trials: Codable, Equatable {
    /// A candidate's outcome with the golden vectors.
    enum Outcome: Codable, Equatable {
        case passed(seconds: Double)
        case failed
        case crashed
    }

    /// Number of photos in a row that did not end, which rules a candidate out. A single one may have been
    /// ended by the system or by the user.
    static let maxUnfinished = 2

    private(set) var outcomes: [Candidate: Outcome] = [:]
    private(set) var underWay: Candidate?
    private var unfinished: [Candidate: Int] = [:]

    /// The fastest candidate with correct results; of equals the one listed first.
    func best(of candidates: [Candidate]) -> Candidate? {
        let sound = candidates.filter { candidate in
            candidate.units == .cpuOnly || unfinished[candidate, default: 0] < Self.maxUnfinished
        }
        let passed = sound.compactMap { candidate in
            if case .passed(let seconds)? = outcomes[candidate] { (candidate, seconds) } else { nil }
        }
        return passed.min { $0.1 < $1.1 }?.0
    }

    /// The next candidate to test; nil after the last.
    func next(of candidates: [Candidate]) -> Candidate? {
        candidates.first { outcomes[$0] == nil }
    }

    /// Marks `candidate` as running; the caller stores this before it runs.
    mutating func begin(_ candidate: Candidate) {
        underWay = candidate
    }

    /// Marks a photo as running with `candidate`; the caller stores this before it runs.
    mutating func beginPhoto(_ candidate: Candidate) {
        unfinished[candidate, default: 0] += 1
    }

    /// Marks the photo as ended, with or without success.
    mutating func endPhoto(_ candidate: Candidate) {
        unfinished[candidate] = nil
    }

    /// Records the outcome of the running candidate.
    mutating func end(_ outcome: Outcome) {
        guard let candidate = underWay else { return }
        outcomes[candidate] = outcome
        underWay = nil
    }
}
