import Foundation
import RestoreCore

/// The app's bundle of networks, and the tests of the processors that may run it.
struct Bench: Sendable {
    private let bundle: NetworkBundle
    private let compiled: CompiledModels
    private let candidates: [Candidate]
    private let file: TrialFile

    /// Opens and checks the bundle. Throws `Problem.noNetworks`, and what `NetworkBundle` throws.
    static func open() async throws -> Bench {
        let bundle = try openBundle()
        let home = try folder()
        let compiled = try CompiledModels(
            source: bundle.folder, parent: home.appendingPathComponent("compiled", isDirectory: true),
            digest: bundle.digest)
        return Bench(
            bundle: bundle, compiled: compiled,
            candidates: Candidate.all(in: bundle.manifest.coreMLPrecisions),
            file: TrialFile(url: home.appendingPathComponent("trials.json"), scope: scope(bundle)))
    }

    /// Whether a candidate was never tested.
    var isUnfinished: Bool { file.read().next(of: candidates) != nil }

    /// Tests the candidates, all or `untilOnePasses`, and returns the fastest that gives correct results.
    ///
    /// `trying` is called with each candidate under test; those tested before are not tested again. Throws
    /// `Problem.nothingPasses`, and `CancellationError` between two networks.
    func engine(
        untilOnePasses: Bool, trying: @escaping @Sendable (Candidate) -> Void = { _ in }
    ) async throws -> Engine {
        let trials = try await tryAll(candidates, file, untilOnePasses: untilOnePasses) { candidate in
            // Before its test, so that a full storage does not count against a processor.
            for artifact in artifacts(candidate.precision) {
                for tile in artifact.tiles { _ = try await compiled.url(of: tile.file) }
            }
        } run: { candidate in
            trying(candidate)
            return try await seconds(candidate)
        }
        guard let best = trials.best(of: candidates) else { throw Problem.nothingPasses }
        return Engine(
            candidate: best, plan: try await plan(best), bundle: bundle,
            runner: CoreMLRunner(compiled, units: best.units), file: file)
    }

    /// The Core ML networks that a photo in `precision` may need.
    private func artifacts(_ precision: Precision) -> [Artifact] {
        bundle.manifest.parts.keys.compactMap { name in
            try? bundle.artifact(of: name, precision: precision, formats: [.coreml])
        }
    }

    /// Seconds of a run of the golden vectors; nil if the results are wrong.
    private func seconds(_ candidate: Candidate) async throws -> Double? {
        let runner = CoreMLRunner(compiled, units: candidate.units)
        let results = try await SelfTest.run(bundle, runner: runner, precision: candidate.precision)
        guard results.allSatisfy(\.passed) else { return nil }
        // Once more, now that everything is loaded.
        let start = ContinuousClock.now
        _ = try await SelfTest.run(bundle, runner: runner, precision: candidate.precision)
        return (ContinuousClock.now - start) / .seconds(1)
    }

    private func plan(_ candidate: Candidate) async throws -> ComputePlan? {
        let mapper = try bundle.artifact(of: .mapper, precision: candidate.precision, formats: [.coreml])
        let tile = mapper.tiles[0]
        let url = try await compiled.url(of: tile.file)
        return await ComputePlan.of(url, function: tile.function, units: candidate.units)
    }

    private static func openBundle() throws -> NetworkBundle {
        guard let resources = Bundle.main.resourceURL else { throw Problem.noNetworks }
        let folder = resources.appendingPathComponent("Models/heirloom", isDirectory: true)
        guard FileManager.default.fileExists(atPath: folder.path) else { throw Problem.noNetworks }
        let bundle = try NetworkBundle(opening: folder)
        guard !bundle.manifest.coreMLPrecisions.isEmpty else { throw Problem.noNetworks }
        return bundle
    }

    /// The folder of compiled models and trials, excluded from backups, which may move to another device.
    private static func folder() throws -> URL {
        let files = FileManager.default
        var folder = try files.url(
            for: .applicationSupportDirectory, in: .userDomainMask, appropriateFor: nil, create: true
        ).appendingPathComponent("Networks", isDirectory: true)
        try files.createDirectory(at: folder, withIntermediateDirectories: true)
        var values = URLResourceValues()
        values.isExcludedFromBackup = true
        try folder.setResourceValues(values)
        return folder
    }

    /// Identity of bundle, system and app version: others may compute otherwise, so trials hold for one.
    private static func scope(_ bundle: NetworkBundle) -> String {
        let app = Bundle.main.infoDictionary ?? [:]
        let version = ["CFBundleShortVersionString", "CFBundleVersion"].map { app[$0] as? String ?? "" }
        let system = ProcessInfo.processInfo.operatingSystemVersionString
        return ([bundle.digest, system] + version).joined(separator: " ")
    }
}
