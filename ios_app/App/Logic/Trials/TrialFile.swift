import Foundation

/// Stores trials between starts, for one bundle, system and version of the app.
///
/// A file and not the user defaults, because a running trial has to be on disk at the moment of a crash.
struct TrialFile: Sendable {
    private struct Stored: Codable {
        let scope: String
        let trials: Trials
    }

    let url: URL
    /// Identity of bundle, system and app version; trials of others are dropped.
    let scope: String

    /// The trials so far; a candidate that was under way has crashed.
    func read() -> Trials {
        guard let data = try? Data(contentsOf: url),
            let stored = try? JSONDecoder().decode(Stored.self, from: data), stored.scope == scope
        else { return Trials() }
        var trials = stored.trials
        trials.end(.crashed)
        return trials
    }

    /// Writes the trials to disk before it returns.
    func write(_ trials: Trials) throws {
        try JSONEncoder().encode(Stored(scope: scope, trials: trials)).write(to: url, options: .atomic)
    }
}
