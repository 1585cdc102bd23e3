import Foundation

/// Tries each of `candidates` that has not been, and keeps in `file` how it fared.
///
/// `run` gives the seconds that a candidate takes, nil for one whose results are wrong; whatever it throws
/// rules the candidate out. Throws `CancellationError` when the task is cancelled, and where `file` can't
/// be written.
func tryAll(
    _ candidates: [Candidate], _ file: TrialFile, run: (Candidate) async throws -> Double?
) async throws -> Trials {
    var trials = file.read()
    while let candidate = trials.next(of: candidates) {
        try Task.checkCancellation()
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

/// Restores a photo with `candidate` by `run`; if the app dies meanwhile, `file` has it.
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
