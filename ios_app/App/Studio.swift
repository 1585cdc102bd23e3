import Foundation
import Observation
import PhotosUI
import SwiftUI

/// The state of the screen, and the user's actions.
@MainActor @Observable
final class Studio {
    /// The state of the networks.
    enum Networks {
        case preparing(Candidate?)
        case ready(Engine)
        case unavailable(String)
    }

    /// The choices for the next restoration.
    var choices = Choices()
    private(set) var networks = Networks.preparing(nil)
    /// The chosen photo before restoration.
    private(set) var before: Picture?
    private(set) var restored: RestoredPhoto?
    /// The share of a restoration that is done; nil while there is none.
    private(set) var progress: Double?
    private(set) var isSaved = false
    /// The last problem, in a sentence.
    private(set) var problem: String?

    private var isOnScreen = false
    private var photo: PhotoFile?
    private var preparation: Task<Void, Never>?
    private var work: Task<Void, Never>?

    /// The engine, once it is ready.
    var engine: Engine? {
        if case .ready(let engine) = networks { engine } else { nil }
    }

    /// Whether a restoration can be started.
    var canRestore: Bool {
        photo != nil && engine != nil && progress == nil
    }

    /// Whether a task is running that ends when the app leaves the screen.
    var isBusy: Bool {
        if case .preparing = networks { true } else { progress != nil }
    }

    /// Prepares the networks while the app is on the screen.
    ///
    /// In the background the system may end the app at any time, which must not count as a crash.
    func sceneChanged(to phase: ScenePhase) {
        switch phase {
        case .active:
            isOnScreen = true
            prepare()
        case .background:
            isOnScreen = false
            preparation?.cancel()
        default: break
        }
    }

    /// Takes the photo that was picked from the library.
    func open(_ item: PhotosPickerItem) {
        start { [self] in
            guard let file = try await item.loadTransferable(type: PhotoFile.self) else {
                throw AppError.notAPhoto
            }
            try await show(file)
        }
    }

    /// Takes a photo that lies in a file.
    func open(_ file: PhotoFile) {
        start { [self] in try await show(file) }
    }

    /// Restores the photo as chosen.
    func restore() {
        guard let photo, let engine, progress == nil else { return }
        let choices = choices
        let (shares, sink) = AsyncStream.makeStream(of: Double.self, bufferingPolicy: .bufferingNewest(1))
        start { [self] in
            progress = 0
            defer { progress = nil }
            async let result = Restoration.run(photo, engine, choices, sink)
            for await share in shares { progress = share }
            restored = try await result
            isSaved = false
        }
    }

    /// Stops the restoration; the photo stays as it was.
    func cancel() {
        work?.cancel()
    }

    /// Adds the restored photo to the library.
    func save() {
        guard let restored else { return }
        start { [self] in
            try await PhotoLibrary.add(restored.file)
            isSaved = true
        }
    }

    private func prepare() {
        guard preparation == nil, engine == nil else { return }
        networks = .preparing(nil)
        preparation = Task {
            let found: Networks
            do {
                found = .ready(
                    try await Engine.prepared { candidate in
                        Task { @MainActor in self.showTesting(candidate) }
                    })
            } catch is CancellationError {
                preparation = nil
                if isOnScreen { prepare() }
                return
            } catch {
                found = .unavailable(error.localizedDescription)
            }
            (networks, preparation) = (found, nil)
        }
    }

    private func showTesting(_ candidate: Candidate) {
        if case .preparing = networks { networks = .preparing(candidate) }
    }

    private func show(_ file: PhotoFile) async throws {
        let picture = try await Restoration.preview(file)
        (photo, before, restored, isSaved) = (file, picture, nil, false)
    }

    /// Runs one action at a time, and shows its error.
    private func start(_ action: @escaping @MainActor () async throws -> Void) {
        guard work == nil else { return }
        problem = nil
        work = Task {
            defer { work = nil }
            do {
                try await action()
            } catch {
                // The user who stops an action expects its end, so Core ML's error is not shown.
                if !Task.isCancelled { problem = error.localizedDescription }
            }
        }
    }
}
