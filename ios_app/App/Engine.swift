import Foundation
import RestoreCore

/// The networks, tested on this device and ready to restore.
struct Engine: Sendable {
    /// The precision and processors of the networks.
    let candidate: Candidate
    /// Core ML's plan for the heaviest network, if there is one.
    let plan: ComputePlan?
    private let bundle: NetworkBundle
    private let runner: CoreMLRunner
    private let file: TrialFile

    /// A restorer for one photo, which may take `maxMemory` bytes; nil: no limit. Networks stay loaded.
    func restorer(maxMemory: Int?) throws -> Restorer {
        try Restorer(bundle: bundle, runner: runner, precision: candidate.precision, maxMemory: maxMemory)
    }

    /// Runs `work`, which restores a photo; a crash meanwhile is detected at the next start.
    func restoring<Result>(_ work: () async throws -> Result) async rethrows -> Result {
        try await Heirloom.restoring(with: candidate, file, run: work)
    }

    /// Checks the bundle and selects the fastest candidate that gives correct results.
    ///
    /// `trying` is called with each candidate under test, which takes minutes; later starts test nothing.
    static func prepared(trying: @escaping @Sendable (Candidate) -> Void) async throws -> Engine {
        let bundle = try openBundle()
        let home = try folder()
        let compiled = try CompiledModels(
            source: bundle.folder, parent: home.appendingPathComponent("compiled", isDirectory: true),
            digest: bundle.digest)
        let candidates = Candidate.all(in: bundle.manifest.coreMLPrecisions)
        let file = TrialFile(url: home.appendingPathComponent("trials.json"), scope: scope(bundle))
        // First of all, so that a full storage does not count against a processor.
        for tile in bundle.coreMLTiles { _ = try await compiled.url(of: tile.file) }
        let trials = try await tryAll(candidates, file) { candidate in
            trying(candidate)
            return try await seconds(candidate, bundle, compiled)
        }
        guard let best = trials.best(of: candidates) else { throw AppError.nothingPasses }
        return Engine(
            candidate: best, plan: try await plan(best, bundle, compiled), bundle: bundle,
            runner: CoreMLRunner(compiled, units: best.units), file: file)
    }

    private static func openBundle() throws -> NetworkBundle {
        guard let resources = Bundle.main.resourceURL else { throw AppError.noNetworks }
        let folder = resources.appendingPathComponent("Models/heirloom", isDirectory: true)
        guard FileManager.default.fileExists(atPath: folder.path) else { throw AppError.noNetworks }
        let bundle = try NetworkBundle(opening: folder)
        guard !bundle.manifest.coreMLPrecisions.isEmpty else { throw AppError.noNetworks }
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

    /// Seconds of a run of the golden vectors; nil if the results are wrong.
    private static func seconds(
        _ candidate: Candidate, _ bundle: NetworkBundle, _ compiled: CompiledModels
    ) async throws -> Double? {
        let runner = CoreMLRunner(compiled, units: candidate.units)
        let results = try await SelfTest.run(bundle, runner: runner, precision: candidate.precision)
        guard results.allSatisfy(\.passed) else { return nil }
        // Once more, now that everything is loaded.
        let start = ContinuousClock.now
        _ = try await SelfTest.run(bundle, runner: runner, precision: candidate.precision)
        return (ContinuousClock.now - start) / .seconds(1)
    }

    private static func plan(
        _ candidate: Candidate, _ bundle: NetworkBundle, _ compiled: CompiledModels
    ) async throws -> ComputePlan? {
        let mapper = try bundle.artifact(of: .mapper, precision: candidate.precision, formats: [.coreml])
        let tile = mapper.tiles[0]
        let url = try await compiled.url(of: tile.file)
        return await ComputePlan.of(url, function: tile.function, units: candidate.units)
    }
}

extension NetworkBundle {
    /// All tiles of all Core ML networks.
    fileprivate var coreMLTiles: [Tile] {
        manifest.parts.values.flatMap(\.artifacts).filter { $0.format == .coreml }.flatMap(\.tiles)
    }
}
