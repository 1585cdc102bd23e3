import Foundation

/// Keeps trials between starts, for one bundle, system and version of the app.
///
/// A file and not the user defaults, because what is under way has to be on disk at the moment of a crash.
struct TrialFile: Sendable {
    private struct Stored: Codable {
        let scope: String
        let trials: Trials
    }

    let url: URL
    /// What the trials hold for; others are forgotten.
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

    /// On disk when this returns.
    func write(_ trials: Trials) throws {
        try JSONEncoder().encode(Stored(scope: scope, trials: trials)).write(to: url, options: .atomic)
    }
}
