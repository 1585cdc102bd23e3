import Observation

/// The state of the networks: the first processor that passes its test unlocks the app, and faster ones are
/// tested while nothing is in work.
@MainActor @Observable
final class Networks {
    enum State {
        case preparing
        case ready(Engine)
        case unavailable(Problem)
    }

    private(set) var state = State.preparing
    /// The candidate under test while a faster one is looked for.
    private(set) var testing: Candidate?

    private var bench: Bench?
    private var preparation: Task<Void, Never>?
    private var trials: Task<Void, Never>?

    /// The engine, once it is ready.
    var engine: Engine? {
        if case .ready(let engine) = state { engine } else { nil }
    }

    /// Whether a test is running, for which the app has to stay on the screen.
    var isTesting: Bool {
        if case .preparing = state { true } else { testing != nil }
    }

    /// Prepares the first engine, unless that is done or under way.
    func prepare() {
        guard engine == nil else { return }
        if let preparation, !preparation.isCancelled { return }
        let earlier = preparation
        preparation = Task {
            await earlier?.value
            await openFirst()
        }
    }

    /// Tests the candidates that are left; the engine that works is kept until a faster one is found.
    func testRest() {
        guard let bench, bench.isUnfinished else { return }
        if let trials, !trials.isCancelled { return }
        let earlier = trials
        trials = Task {
            await earlier?.value
            let best = try? await bench.engine(untilOnePasses: false) { candidate in
                Task { @MainActor in
                    if self.trials?.isCancelled == false { self.testing = candidate }
                }
            }
            if let best { state = .ready(best) }
            testing = nil
        }
    }

    /// Stops the tests of faster candidates; the one under test is tested again later.
    func stopTesting() async {
        trials?.cancel()
        await trials?.value
    }

    /// Stops everything, since in the background the system may end the app at any time, which must not count
    /// as a crash.
    func leaveScreen() {
        preparation?.cancel()
        trials?.cancel()
    }

    private func openFirst() async {
        state = .preparing
        do {
            let bench = try await Bench.open()
            let engine = try await bench.engine(untilOnePasses: true)
            (self.bench, state) = (bench, .ready(engine))
        } catch {
            // Cancelled: it is prepared again when the app comes back.
            guard !Task.isCancelled else { return }
            (state, preparation) = (.unavailable(Problem(error)), nil)
        }
    }
}
