/// What is known of the candidates on this device, and which of them to use.
///
/// A candidate is entered as under way before it runs. One that is found under way when the app starts
/// has taken the app down with it, and is not tried again.
struct Trials: Codable, Equatable {
    /// How a candidate fared with the golden vectors.
    enum Outcome: Codable, Equatable {
        case passed(seconds: Double)
        case failed
        case crashed
    }

    private(set) var outcomes: [Candidate: Outcome] = [:]
    private(set) var underWay: Candidate?

    /// The fastest that computes what the bundle expects; of equals the one listed first.
    func best(of candidates: [Candidate]) -> Candidate? {
        let passed = candidates.compactMap { candidate in
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

    /// The candidate under way has run.
    mutating func end(_ outcome: Outcome) {
        guard let candidate = underWay else { return }
        outcomes[candidate] = outcome
        underWay = nil
    }
}
