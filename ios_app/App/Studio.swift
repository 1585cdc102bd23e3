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
        start(.opening) { [self] in
            let opened = try await Self.opened(arrival)
            // Fetching a file may go on after it was stopped.
            try Task.checkCancellation()
            (photo, marks, overlay, restored) = (opened, nil, nil, nil)
            (isSaved, isMarking) = (false, false)
        }
    }

    /// Finds the damage, and shows it to be corrected.
    func find() {
        step(.finding) { [self] photo, engine, progress in
            let found = try await Restoration.find(photo, engine, progress)
            return { [self] in
                (marks, overlay) = (found.marks, found.overlay)
                (choices.scratches, isMarking) = (true, true)
            }
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
        run(.filling, fillOnly: true)
    }

    /// Restores the photo as chosen, from the marked damage if it was looked for.
    func restore() {
        run(.restoring, fillOnly: false)
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
        guard let restored else { return }
        start(.saving) { [self] in
            try await PhotoLibrary.add(restored.file)
            isSaved = true
        }
    }

    /// Shows that the system could not hand over files.
    func failed(_ error: any Error) {
        problem = Problem(error)
    }

    nonisolated private static func opened(_ arrival: Arrival) async throws -> OpenPhoto {
        try await Restoration.open(try await arrival.load())
    }

    private func run(_ kind: Activity.Kind, fillOnly: Bool) {
        let (choices, marks) = (choices, marks)
        step(kind) { [self] photo, engine, progress in
            let result = try await Restoration.run(
                photo, engine, choices, marks, fillOnly: fillOnly, progress)
            return { [self] in (restored, isSaved, isMarking) = (result, false, false) }
        }
    }

    /// Runs a step on the photo and shows its progress; what it returns takes over the result.
    private func step(
        _ kind: Activity.Kind,
        _ body:
            @escaping @Sendable (OpenPhoto, Engine, AsyncStream<Double>.Continuation) async throws
            -> @MainActor @Sendable () -> Void
    ) {
        guard let photo else { return }
        start(kind) { [self] in
            await networks.stopTesting()
            guard let engine = networks.engine else { return }
            let (shares, sink) = AsyncStream.makeStream(
                of: Double.self, bufferingPolicy: .bufferingNewest(1))
            async let finish = body(photo, engine, sink)
            for await share in shares { activity?.share = share }
            let takeOver = try await finish
            try Task.checkCancellation()
            takeOver()
        }
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
