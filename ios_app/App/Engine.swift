import RestoreCore

/// The networks, tested on this device and ready to restore.
struct Engine: Sendable {
    /// The precision and processors of the networks.
    let candidate: Candidate
    /// Core ML's plan for the heaviest network, if there is one.
    let plan: ComputePlan?
    let bundle: NetworkBundle
    let runner: CoreMLRunner
    let file: TrialFile

    /// A restorer for one photo, which may take `maxMemory` bytes; nil: no limit. Networks stay loaded.
    func restorer(maxMemory: Int?) throws -> Restorer {
        try Restorer(bundle: bundle, runner: runner, precision: candidate.precision, maxMemory: maxMemory)
    }

    /// Runs `work`, which restores a photo; a crash meanwhile is detected at the next start.
    func restoring<Result>(_ work: () async throws -> Result) async rethrows -> Result {
        try await Heirloom.restoring(with: candidate, file, run: work)
    }
}
