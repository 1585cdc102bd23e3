import Foundation

/// The self-test: checks that this device's runtime reproduces the golden vectors, in tiles of every size.
///
/// A bundle has golden vectors of a few cells, which are laid side by side to fill a tile: inside its halo
/// the outputs then repeat in the same way.
public enum SelfTest {
    /// Result of a golden vector in one tile.
    public struct Result: Equatable, Sendable {
        public let part: PartName
        public let format: Format
        public let precision: Precision
        /// The tile's size in cells.
        public let rows: Int
        /// The tile's size in cells.
        public let columns: Int
        /// Largest absolute difference, in stored units; infinite for output that is not finite or not of
        /// the kind or size that the manifest announces.
        public let maxDifference: Double
        public let tolerance: Double
        public var passed: Bool { maxDifference <= tolerance }
    }

    /// Runs the golden vectors of all networks that have one of `formats`, each in every tile, and of
    /// those networks only the ones that `Restorer` would use at `precision`; nil: all of them.
    ///
    /// Throws `missingArtifact` if there are none, or with `precision` if a part that every photo needs is
    /// not among them, `missingBundleFile` for a file that has gone since the bundle was opened,
    /// `CancellationError` between two networks, and the runner's errors.
    public static func run(
        _ bundle: NetworkBundle, runner: some PartRunner, formats: [Format] = [.coreml],
        precision: Precision? = nil
    ) async throws -> [Result] {
        var results = [Result]()
        for (name, artifact) in try chosen(bundle, formats, precision) {
            for golden in artifact.golden {
                for tile in artifact.tiles.sorted(by: { $0.rows * $0.columns < $1.rows * $1.columns }) {
                    try Task.checkCancellation()
                    results.append(try await run(golden, in: tile, of: artifact, name, bundle, runner))
                }
            }
        }
        guard !results.isEmpty else {
            let names = formats.map(\.rawValue).joined(separator: ", ")
            throw HeirloomError(.missingArtifact, "The bundle has nothing that \(names) can run.")
        }
        return results
    }

    private static func chosen(
        _ bundle: NetworkBundle, _ formats: [Format], _ precision: Precision?
    ) throws -> [(PartName, Artifact)] {
        guard let precision else {
            return PartName.allCases.flatMap { name in
                let all = bundle.manifest.parts[name]?.artifacts ?? []
                return all.filter { formats.contains($0.format) }.map { (name, $0) }
            }
        }
        return try PartName.allCases.compactMap { name in
            do {
                return (name, try bundle.artifact(of: name, precision: precision, formats: formats))
            } catch  where !Restorer.neededParts.contains(name) {
                return nil
            }
        }
    }

    private static func run(
        _ golden: Golden, in tile: Tile, of artifact: Artifact, _ name: PartName, _ bundle: NetworkBundle,
        _ runner: some PartRunner
    ) async throws -> Result {
        let copies = Copies(golden: golden, tile: tile, halo: bundle.manifest.parts[name]!.halo)
        let inputs = try zip(golden.inputs, artifact.inputs).map { path, tensor in
            copies.sideBySide(try bundle.tensor(path, as: tensor), tensor)
        }
        let spec = artifact.outputs[0]
        let expected = copies.sideBySide(try bundle.tensor(golden.outputs[0], as: spec), spec)
        let output = try await runner.run(part: name, artifact: artifact, tile: tile, inputs: inputs)
        return Result(
            part: name, format: artifact.format, precision: artifact.precision, rows: tile.rows,
            columns: tile.columns, maxDifference: copies.maxDifference(output, expected, spec),
            tolerance: golden.tolerance)
    }

    static func maxDifference(_ first: Stored, _ second: Stored) -> Double {
        guard first.dtype == second.dtype, first.count == second.count else { return .infinity }
        switch (first, second) {
        case (.int8(let one), .int8(let other)):
            return zip(one, other).map { abs(Double($0) - Double($1)) }.max() ?? 0
        case (.uint8(let one), .uint8(let other)):
            return zip(one, other).map { abs(Double($0) - Double($1)) }.max() ?? 0
        case (.float32(let one), .float32(let other)):
            let differences = zip(one, other).map { abs(Double($0) - Double($1)) }
            return differences.allSatisfy(\.isFinite) ? differences.max() ?? 0 : .infinity
        default: return .infinity
        }
    }
}
