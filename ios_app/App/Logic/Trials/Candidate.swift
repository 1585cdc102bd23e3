import RestoreCore

/// The processors that Core ML may use.
enum Units: String, Codable, CaseIterable {
    case cpuOnly, cpuAndGPU, cpuAndNeuralEngine
}

/// A way to run the networks: one precision on one set of processors.
struct Candidate: Codable, Hashable {
    let precision: Precision
    let units: Units

    /// All candidates, the safest first, so that a start after a crash has one to fall back on.
    ///
    /// Core ML's `all` is not among them: it selects among the other three itself, so that a wrong result
    /// could not be attributed to a processor.
    static func all(in precisions: [Precision]) -> [Candidate] {
        Units.allCases.flatMap { units in
            precisions.map { Candidate(precision: $0, units: units) }
        }
    }
}

extension Manifest {
    /// The precisions in which the bundle has Core ML networks for photos, the more exact first.
    var coreMLPrecisions: [Precision] {
        let there = (parts[.encoder]?.artifacts ?? []).filter { $0.format == .coreml }.map(\.precision)
        return [.float16, .int8].filter(there.contains)
    }
}
