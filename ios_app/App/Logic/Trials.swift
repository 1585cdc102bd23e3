/// What is known of the candidates on this device, and which of them to use.
///
/// A candidate is entered as under way before it runs. One that is found under way when the app starts
/// has taken the app down with it, and is not tried again. Photos ask more than the trials: a
/// candidate with which the app did not come through two photos in a row is not used either.
struct Trials: Codable, Equatable {
    /// How a candidate fared with the golden vectors.
    enum Outcome: Codable, Equatable {
        case passed(seconds: Double)
        case failed
        case crashed
    }

    /// So many photos, begun one after the other and not ended, rule a candidate out. One may have been
    /// ended by the system or by the user.
    static let maxUnfinished = 2

    private(set) var outcomes: [Candidate: Outcome] = [:]
    private(set) var underWay: Candidate?
    private var unfinished: [Candidate: Int] = [:]

    /// The fastest that computes what the bundle expects; of equals the one listed first.
    func best(of candidates: [Candidate]) -> Candidate? {
        let sound = candidates.filter { candidate in
            candidate.units == .cpuOnly || unfinished[candidate, default: 0] < Self.maxUnfinished
        }
        let passed = sound.compactMap { candidate in
            if case .passed(let seconds)? = outcomes[candidate] { (candidate, seconds) } else { nil }
        }
        return passed.min { $0.1 < $1.1 }?.0
    }

    /// The next to try; nil when all have been.
    func next(of candidates: [Candidate]) -> Candidate? {
        candidates.first { outcomes[$0] == nil }
    }

    /// To be stored before `candidate` runs.
    mutating func begin(_ candidate: Candidate) {
        underWay = candidate
    }

    /// To be stored before a photo is restored with `candidate`.
    mutating func beginPhoto(_ candidate: Candidate) {
        unfinished[candidate, default: 0] += 1
    }

    /// The photo has ended, well or not, and the app is still there.
    mutating func endPhoto(_ candidate: Candidate) {
        unfinished[candidate] = nil
    }

    /// The candidate under way has run.
    mutating func end(_ outcome: Outcome) {
        guard let candidate = underWay else { return }
        outcomes[candidate] = outcome
        underWay = nil
    }
}
