import Foundation
import Observation
import RestoreCore
import SwiftUI

/// The state of the screen, and the user's actions.
@MainActor @Observable
final class Studio {
    let networks = Networks()
    /// The choices for the next restoration.
    var choices = Choices()
    /// The tool that corrects the found damage.
    var brush = Brush()
    /// Whether the found damage is shown, to be corrected.
    var isMarking = false
    private(set) var photo: OpenPhoto?
    /// The damage and the strokes over it, once it was looked for.
    private(set) var marks: Marks?
    /// The found damage in red, at the size of the photo's picture.
    private(set) var overlay: Picture?
    private(set) var restored: RestoredPhoto?
    private(set) var isSaved = false
    /// What is being done; nil while there is nothing.
    private(set) var activity: Activity?
    private(set) var problem: Problem?
    private(set) var waiting = Waiting<Arrival>()

    private var isOnScreen = false
    private var hasLeftScreen = false
    private var work: Task<Void, Never>?
    /// The number of the activity: what a stopped one still does must not end its successor.
    private var turn = 0

    /// Whether a step on the photo can be started.
    var canWork: Bool {
        photo != nil && networks.engine != nil && activity == nil
    }

    /// Whether a test of the processors may run, which could crash the app: nothing would be lost.
    var isIdle: Bool {
        let isUnsaved = restored != nil && !isSaved
        let isMarked = marks.map { !$0.strokes.isEmpty } ?? false
        return isOnScreen && networks.engine != nil && activity == nil && !isUnsaved && !isMarked
    }

    /// Whether something is running that ends when the app leaves the screen.
    var isBusy: Bool {
        networks.isTesting || activity != nil
    }

    /// Prepares the networks while the app is on the screen.
    func sceneChanged(to phase: ScenePhase) {
        switch phase {
        case .active:
            isOnScreen = true
            networks.prepare()
        case .background:
            (isOnScreen, hasLeftScreen) = (false, true)
            networks.leaveScreen()
        default: break
        }
    }

    /// Tests faster processors while nothing is in work.
    func idleChanged(to isIdle: Bool) {
        if isIdle {
            networks.testRest()
        } else {
            Task { await networks.stopTesting() }
        }
    }

    /// Takes photos: the first is opened at once, unless something is in work; the others wait.
    func open(_ arrivals: [Arrival]) {
        waiting.add(arrivals, inFront: activity == nil)
        if activity == nil { openNext() }
    }

    /// Opens the next photo that waits.
    func openNext() {
        guard activity == nil, let arrival = waiting.next() else { return }
        start(.opening) { [self] in try await take(arrival) }
    }

    /// Restores the open photo and all that wait, and adds them to the library, until one fails or it is stopped.
    func restoreAll() {
        start(.restoring) { [self] in
            await networks.stopTesting()
            if photo != nil, !isSaved { try await restoreAndSave() }
            while !Task.isCancelled, let arrival = waiting.next() {
                activity = Activity(kind: .opening)
                try await take(arrival)
                try await restoreAndSave()
            }
        }
    }

    /// Finds the damage, and shows it to be corrected.
    func find() {
        step(.finding) { [self] photo, engine in
            let found = try await following { try await Restoration.find(photo, engine, $0) }
            (marks, overlay) = (found.marks, found.overlay)
            (choices.scratches, isMarking) = (true, true)
        }
    }

    /// Adds a stroke over the found damage.
    func draw(_ stroke: Stroke) {
        marks?.add(stroke)
    }

    /// Takes back the last stroke.
    func undo() {
        marks?.undo()
    }

    /// Fills the damage and leaves everything else.
    func fill() {
        step(.filling) { [self] photo, engine in try await run(photo, engine, fillOnly: true) }
    }

    /// Restores the photo as chosen, from the marked damage if it was looked for.
    func restore() {
        step(.restoring) { [self] photo, engine in try await run(photo, engine, fillOnly: false) }
    }

    /// Stops what is being done; the photo stays as it was.
    func cancel() {
        work?.cancel()
        if activity?.kind == .opening {
            // Nobody knows when the fetching of a file ends.
            (activity, work, turn) = (nil, nil, turn + 1)
        } else {
            activity?.isStopping = true
        }
    }

    /// Adds the restored photo to the library.
    func save() {
        start(.saving) { [self] in try await addToLibrary() }
    }

    /// Shows that the system could not hand over files.
    func failed(_ error: any Error) {
        problem = Problem(error)
    }

    nonisolated private static func opened(_ arrival: Arrival) async throws -> OpenPhoto {
        try await Restoration.open(try await arrival.load())
    }

    private func take(_ arrival: Arrival) async throws {
        let opened = try await Self.opened(arrival)
        // Fetching a file may go on after it was stopped.
        try Task.checkCancellation()
        (photo, marks, overlay, restored) = (opened, nil, nil, nil)
        (isSaved, isMarking) = (false, false)
    }

    private func run(_ photo: OpenPhoto, _ engine: Engine, fillOnly: Bool) async throws {
        let (choices, marks) = (choices, marks)
        let result = try await following {
            try await Restoration.run(photo, engine, choices, marks, fillOnly: fillOnly, $0)
        }
        (restored, isSaved, isMarking) = (result, false, false)
    }

    private func addToLibrary() async throws {
        guard let restored else { return }
        try await PhotoLibrary.add(restored.file)
        isSaved = true
    }

    private func restoreAndSave() async throws {
        guard let photo, let engine = networks.engine else { return }
        if restored == nil {
            activity = Activity(kind: .restoring)
            try await run(photo, engine, fillOnly: false)
        }
        activity = Activity(kind: .saving)
        try await addToLibrary()
    }

    /// Runs a step on the photo.
    private func step(
        _ kind: Activity.Kind, _ body: @escaping @MainActor (OpenPhoto, Engine) async throws -> Void
    ) {
        guard let photo else { return }
        start(kind) { [self] in
            await networks.stopTesting()
            if let engine = networks.engine { try await body(photo, engine) }
        }
    }

    /// Shows the progress of `body`. Throws `CancellationError` if it was stopped, even after its end.
    private func following<Result: Sendable>(
        _ body: @escaping @Sendable (AsyncStream<Double>.Continuation) async throws -> Result
    ) async throws -> Result {
        let (shares, sink) = AsyncStream.makeStream(of: Double.self, bufferingPolicy: .bufferingNewest(1))
        async let finished = body(sink)
        for await share in shares { activity?.share = share }
        let result = try await finished
        try Task.checkCancellation()
        return result
    }

    /// Runs one action at a time, and shows its problem.
    private func start(_ kind: Activity.Kind, _ action: @escaping @MainActor () async throws -> Void) {
        guard activity == nil else { return }
        turn += 1
        let own = turn
        (problem, hasLeftScreen, activity) = (nil, false, Activity(kind: kind))
        work = Task {
            do {
                try await action()
            } catch {
                // The user who stops an action expects its end, so Core ML's error is not shown.
                if !Task.isCancelled { problem = Problem(error, leftScreen: hasLeftScreen) }
            }
            if own == turn { (activity, work) = (nil, nil) }
        }
    }
}
