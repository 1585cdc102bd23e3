import Foundation
import XCTest

@testable import RestoreCore

/// The self-test over the shipped bundle, with a runner that returns given values.
final class SelfTestTests: XCTestCase {
    func testEveryVectorOfAPrecision() async throws {
        let bundle = try shipped()
        let results = try await SelfTest.run(bundle, runner: Recited(bundle: bundle), precision: .float16)
        let parts = PartName.allCases.filter { bundle.manifest.parts[$0] != nil }
        XCTAssertEqual(Set(results.map(\.part)), Set(parts))
        XCTAssertEqual(results.filter { $0.part == .mapper }.map(\.rows), [32, 64, 128, 256])
        XCTAssertTrue(results.allSatisfy { $0.passed && $0.maxDifference == 0 && $0.format == .coreml })
        let both = try await SelfTest.run(bundle, runner: Recited(bundle: bundle))
        XCTAssertEqual(Set(both.map(\.precision)), [.float16, .int8])
    }

    func testADifferenceCounts() async throws {
        let bundle = try shipped()
        let off = try await SelfTest.run(
            bundle, runner: Recited(bundle: bundle, added: 0.0625), precision: .float16)
        for result in off {
            XCTAssertEqual(result.maxDifference, 0.0625, accuracy: 1e-5)
            XCTAssertEqual(result.passed, result.tolerance >= result.maxDifference)
        }
        XCTAssertFalse(off.allSatisfy(\.passed))
        let broken = try await SelfTest.run(
            bundle, runner: Recited(bundle: bundle, added: .nan), precision: .float16)
        XCTAssertTrue(broken.allSatisfy { !$0.passed && $0.maxDifference == .infinity })
    }

    func testALargerTileThatDiffersCounts() async throws {
        let bundle = try shipped()
        let results = try await SelfTest.run(
            bundle, runner: Recited(bundle: bundle, added: 0.5, minRows: 200), precision: .float16)
        XCTAssertEqual(
            Set(results.filter { !$0.passed }.map(\.part)), [.scratch, .encoder, .mapper, .decoder])
        XCTAssertTrue(results.allSatisfy { $0.passed == ($0.rows < 200) })
    }

    /// Two cells of one channel, in a tile of 4 x 5 with a halo of 1.
    func testOnlyWhatLiesInsideTheHaloIsCompared() throws {
        let part = try JSONDecoder().decode(
            Golden.self,
            from: Data(#"{"rows":1,"columns":2,"inputs":[],"outputs":[],"tolerance":0}"#.utf8))
        let tensor = try JSONDecoder().decode(
            Tensor.self,
            from: Data(#"{"role":"latent","name":"l","channels":1,"dtype":"float32"}"#.utf8))
        let tile = Tile(rows: 4, columns: 5, file: "", function: nil)
        let copies = Copies(golden: part, tile: tile, halo: 1)
        let expected = copies.sideBySide(.float32([1, 2]), tensor)
        XCTAssertEqual(expected, .float32([1, 2, 1, 2, 1, 1, 2, 1, 2, 1, 1, 2, 1, 2, 1, 1, 2, 1, 2, 1]))
        for (place, difference) in [(2, 0.0), (5, 0), (6, 7), (8, 7), (9, 0), (13, 7), (17, 0)] {
            guard case .float32(var values) = expected else { return XCTFail("other values") }
            values[place] += 7
            let found = copies.maxDifference(.float32(values), expected, tensor)
            XCTAssertEqual(found, difference, "\(place)")
        }
    }

    func testIntegersDoNotWrap() {
        XCTAssertEqual(SelfTest.maxDifference(.int8([-128, 3]), .int8([127, 3])), 255)
        XCTAssertEqual(SelfTest.maxDifference(.uint8([0]), .uint8([255])), 255)
        XCTAssertEqual(SelfTest.maxDifference(.int8([1]), .int8([1, 2])), .infinity)
        XCTAssertEqual(SelfTest.maxDifference(.int8([1]), .float32([1])), .infinity)
    }

    func testNothingToRun() async throws {
        let bundle = try shipped()
        do {
            _ = try await SelfTest.run(bundle, runner: Recited(bundle: bundle), precision: .palettized)
            XCTFail("nothing was thrown")
        } catch {
            XCTAssertEqual((error as? HeirloomError)?.kind, .missingArtifact)
        }
    }

    private func shipped() throws -> NetworkBundle {
        let folder = GoldenFiles.repository.appendingPathComponent("edge/bundles/mobile")
        let raw = try Data(contentsOf: folder.appendingPathComponent("manifest.json"))
        return NetworkBundle(folder: folder, manifest: try Manifest(json: raw), digest: "")
    }
}

/// Returns the expected output of the golden vector as often as it fits into the tile, with something added
/// in tiles of enough rows.
private struct Recited: PartRunner {
    let bundle: NetworkBundle
    var added: Float = 0
    var minRows = 0

    func run(part: PartName, artifact: Artifact, tile: Tile, inputs: [Stored]) async throws -> Stored {
        let (golden, spec) = (artifact.golden[0], artifact.outputs[0])
        let copies = Copies(golden: golden, tile: tile, halo: 0)
        let expected = copies.sideBySide(try bundle.tensor(golden.outputs[0], as: spec), spec)
        guard case .float32(let values) = expected else { return expected }
        return .float32(tile.rows < minRows ? values : values.map { $0 + added })
    }
}
