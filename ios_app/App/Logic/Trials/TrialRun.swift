import Foundation

/// Tests each of `candidates` that is untested, and stores its outcome in `file`; `untilOnePasses` leaves
/// the others for another time.
///
/// `prepare` is called before each; what it throws ends everything and counts against nobody. `run` returns
/// a candidate's seconds, nil if its results are wrong; any error that it throws rules the candidate out.
/// Throws `CancellationError` when the task is cancelled, and where `file` can't be written.
func tryAll(
    _ candidates: [Candidate], _ file: TrialFile, untilOnePasses: Bool = false,
    prepare: (Candidate) async throws -> Void = { _ in }, run: (Candidate) async throws -> Double?
) async throws -> Trials {
    var trials = file.read()
    while let candidate = trials.next(of: candidates) {
        if untilOnePasses, trials.best(of: candidates) != nil { break }
        try Task.checkCancellation()
        try await prepare(candidate)
        let known = trials
        trials.begin(candidate)
        try file.write(trials)
        do {
            // At once, since a suspended app may be ended before the candidate has stopped, and that
            // must not look like a crash.
            let seconds = try await withTaskCancellationHandler {
                try await run(candidate)
            } onCancel: {
                try? file.write(known)
            }
            trials.end(seconds.map { .passed(seconds: $0) } ?? .failed)
        } catch {
            try Task.checkCancellation()
            trials.end(.failed)
        }
        try file.write(trials)
    }
    return trials
}

/// Restores a photo with `candidate` by `run`; `file` records a crash of the app meanwhile.
func restoring<Result>(
    with candidate: Candidate, _ file: TrialFile, run: () async throws -> Result
) async rethrows -> Result {
    var trials = file.read()
    trials.beginPhoto(candidate)
    // A full storage must not keep a photo from being restored.
    try? file.write(trials)
    defer {
        trials.endPhoto(candidate)
        try? file.write(trials)
    }
    return try await run()
}
