import Foundation
import XCTest

@testable import RestoreCore

final class BundleTests: XCTestCase {
    private struct File: Decodable {
        struct Case: Decodable {
            let name: String
            let files: [String: String]
            let manifestText: String?
            let error: String?
        }
        let cases: [Case]
    }

    private var folder = URL(fileURLWithPath: "/")

    override func setUpWithError() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    override func tearDownWithError() throws {
        try FileManager.default.removeItem(at: folder)
    }

    func testOpening() throws {
        for each in try GoldenFiles.read("files", as: File.self).cases {
            let place = folder.appendingPathComponent(each.name)
            try lay(each, in: place)
            if let error = each.error {
                XCTAssertThrowsError(try NetworkBundle(opening: place), each.name) {
                    XCTAssertEqual(($0 as? HeirloomError)?.kind.rawValue, error, each.name)
                }
            } else {
                XCTAssertEqual(try NetworkBundle(opening: place).digest.count, 64)
            }
        }
    }

    func testALinkMustNotLeadOut() throws {
        let good = try XCTUnwrap(GoldenFiles.read("files", as: File.self).cases.first)
        let place = folder.appendingPathComponent("linked")
        try lay(good, in: place)
        let (inside, outside) = (
            place.appendingPathComponent("mapper.tflite"), folder.appendingPathComponent("x")
        )
        try FileManager.default.moveItem(at: inside, to: outside)
        try FileManager.default.createSymbolicLink(at: inside, withDestinationURL: outside)
        XCTAssertThrowsError(try NetworkBundle(opening: place)) {
            XCTAssertEqual(($0 as? HeirloomError)?.kind, .invalidManifest)
        }
    }

    func testAFolderIsNoFile() throws {
        let good = try XCTUnwrap(GoldenFiles.read("files", as: File.self).cases.first)
        let place = folder.appendingPathComponent("folder")
        try lay(good, in: place)
        let network = place.appendingPathComponent("mapper.tflite")
        try FileManager.default.removeItem(at: network)
        try FileManager.default.createDirectory(at: network, withIntermediateDirectories: true)
        XCTAssertThrowsError(try NetworkBundle(opening: place)) {
            XCTAssertEqual(($0 as? HeirloomError)?.kind, .missingBundleFile)
        }
    }

    func testTheShippedBundle() throws {
        let shipped = GoldenFiles.repository.appendingPathComponent("edge/bundles/mobile")
        let bundle = try NetworkBundle(opening: shipped)
        XCTAssertEqual(bundle.manifest.name, "mobile")
        for precision in [Precision.float16, .int8] {
            for name in PartName.allCases where bundle.manifest.parts[name] != nil {
                let artifact = try bundle.artifact(of: name, precision: precision, formats: [.coreml])
                let isOwn = ![.tone, .scratch, .face].contains(name)
                if isOwn { XCTAssertEqual(artifact.precision, precision) }
                let (golden, spec) = (artifact.golden[0], artifact.inputs[0])
                let input = try bundle.tensor(golden.inputs[0], as: spec)
                let cells = golden.rows * golden.columns * spec.channels
                XCTAssertEqual(input.count, spec.shape?.reduce(1, *) ?? cells)
            }
        }
        // A format comes before what stands in for a precision: the curves don't depend on what else may run.
        for formats in [[.litert, .onnx], [.onnx, .litert]] as [[Format]] {
            let tone = try bundle.artifact(of: .tone, precision: .int8, formats: formats)
            XCTAssertEqual(tone.format, formats[0])
        }
        XCTAssertThrowsError(try bundle.artifact(of: .mapper, precision: .mixed, formats: [.coreml])) {
            XCTAssertEqual(($0 as? HeirloomError)?.kind, .missingArtifact)
        }
        XCTAssertThrowsError(try bundle.artifact(of: .face512, precision: .int8, formats: [.coreml]))
    }

    func testWhatStandsInForAPrecision() throws {
        let text = try ToyBundle.golden().manifestText
        func precision(_ name: PartName, _ wanted: Precision, _ text: String) throws -> Precision {
            let manifest = try Manifest(json: Data(text.utf8))
            let bundle = NetworkBundle(folder: folder, manifest: manifest, digest: "")
            return try bundle.artifact(of: name, precision: wanted, formats: [.litert]).precision
        }
        for name in [PartName.scratch, .face] { XCTAssertEqual(try precision(name, .float16, text), .int8) }
        XCTAssertEqual(try precision(.tone, .int8, text), .float32)
        XCTAssertThrowsError(try precision(.finder, .float16, text))
        let halves = text.replacingOccurrences(of: #""precision":"int8""#, with: #""precision":"float16""#)
        XCTAssertEqual(try precision(.mapper, .float32, halves), .float16)
        XCTAssertThrowsError(try precision(.mapper, .int8, halves))
    }

    private func lay(_ each: File.Case, in place: URL) throws {
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        for (path, text) in each.files {
            let file = place.appendingPathComponent(path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        if let text = each.manifestText {
            try Data(text.utf8).write(to: place.appendingPathComponent("manifest.json"))
        }
    }
}
