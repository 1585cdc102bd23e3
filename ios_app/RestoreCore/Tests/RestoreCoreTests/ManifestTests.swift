import Foundation
import XCTest

@testable import RestoreCore

final class ManifestTests: XCTestCase {
    private struct Facts: Decodable {
        let parts: [String]
        let version: String
        let artifacts: Int
        let workingSide: Int
        let detection: Detection
        let finderThreshold: Double
    }

    private struct File: Decodable {
        struct Good: Decodable {
            let name: String
            let text: String
            let facts: Facts
        }
        struct Bad: Decodable {
            let name: String
            let text: String
            let error: String
        }
        let good: [Good]
        let bad: [Bad]
    }

    private let golden = Result { try GoldenFiles.read("manifests", as: File.self) }

    func testGoodManifests() throws {
        for each in try golden.get().good {
            let manifest = try Manifest(json: Data(each.text.utf8))
            XCTAssertEqual(manifest.parts.keys.map(\.rawValue).sorted(), each.facts.parts, each.name)
            XCTAssertEqual(manifest.version, each.facts.version)
            XCTAssertEqual(manifest.parts.values.map(\.artifacts.count).reduce(0, +), each.facts.artifacts)
            XCTAssertEqual(manifest.workingSide, each.facts.workingSide)
            XCTAssertEqual(manifest.detection, each.facts.detection)
            XCTAssertEqual(manifest.finderThreshold, each.facts.finderThreshold)
        }
    }

    func testBadManifests() throws {
        for each in try golden.get().bad {
            XCTAssertThrowsError(try Manifest(json: Data(each.text.utf8)), each.name) { error in
                let error = error as? HeirloomError
                XCTAssertEqual(error?.kind.rawValue, each.error, each.name)
                XCTAssertEqual(error?.message.hasSuffix("."), true, each.name)
            }
        }
    }

    /// Each of these edits of a good manifest's text breaks a rule that no golden manifest breaks.
    func testRangesAndTypes() throws {
        let text = try XCTUnwrap(golden.get().good.last).text
        let edits = [
            (#""stride":4"#, #""stride":0"#), (#""stride":4"#, #""stride":4.5"#),
            (#""stride":4"#, #""stride":true"#), (#""stride":4"#, #""stride":"4""#),
            (#""rows":5,"columns":6,"inputs""#, #""rows":5,"columns":0,"inputs""#),
            (#""halo":2"#, #""halo":-1"#), (#""halo":2"#, #""halo":9223372036854775807"#),
            (#""scale":0.05"#, #""scale":0"#), (#""scale":0.05"#, #""scale":null"#),
            (#""zero_point":3"#, #""zero_point":3.5"#), (#""tolerance":1"#, #""tolerance":-1"#),
            (#""residual_psnr":null,"#, ""), (#""rows":5"#, #""rows":9223372036854775807"#),
            (#""shape":[256,8]"#, #""shape":[256,0]"#), (#""function":"tile_5x6""#, #""function":5"#),
            (#""step":1"#, #""step":0"#), (#""largest_side":2000"#, #""largest_side":0"#),
            (#""largest_side":2000"#, #""smallest_side":0"#), (#""high":200"#, #""high":200.5"#),
            (#""low":90"#, #""low":0"#), (#""low":90"#, #""thick":0"#),
            (#""low":90"#, #""thick_mean":256"#), (#""low":90"#, #""thick_spread":-1"#),
            (#""low":90"#, #""thin_from":-1"#), (#""low":90"#, #""thin_high":0"#),
            (#""low":90"#, #""thin_low":256"#), (#""low":90"#, #""thin":0"#),
            (#""low":90"#, #""face_thick":0"#),
            (#""grow":0"#, #""grow":-1"#), (#""grow":0"#, #""broad":1"#),
            (#""finder_threshold":0.75"#, #""finder_threshold":0"#),
            (#""working_side":640"#, #""working_side":0"#), (#""psnr":23.5"#, #""psnr":"high""#),
            (#""dtype":"int8""#, #""dtype":"int4""#), (#""format":"litert""#, #""format":"tflite""#),
            (#""mapper.tflite":{"#, #""mapper.tflite\n":{"#), (#""mapper.tflite":{"#, #""a//b":{"#),
            (#""mapper.tflite":{"#, #""a/./b":{"#), (#""mapper.tflite":{"#, #""ä":{"#),
        ]
        for (good, bad) in edits {
            let edited = text.replacingOccurrences(of: good, with: bad)
            XCTAssertNotEqual(edited, text, good)
            XCTAssertThrowsError(try Manifest(json: Data(edited.utf8)), bad) { error in
                XCTAssertEqual((error as? HeirloomError)?.kind, .invalidManifest, bad)
            }
        }
    }

    func testWhatDoesNotFitTheStepIsNamed() throws {
        let text = try XCTUnwrap(golden.get().good.first).text
        for (halo, problem) in [
            (1, "the halo (1) is no multiple"), (2, "a tile of 5x6 cells is no multiple"),
        ] {
            let edited = text.replacingOccurrences(
                of: #""halo":2,"step":1"#, with: "\"halo\":\(halo),\"step\":2")
            XCTAssertThrowsError(try Manifest(json: Data(edited.utf8))) { error in
                let message = (error as? HeirloomError)?.message ?? ""
                XCTAssertTrue(message.contains(problem), message)
            }
        }
    }

    func testAMessageNamesThePlace() throws {
        let text = try XCTUnwrap(golden.get().good.first).text
        let edited = text.replacingOccurrences(of: #""stride":4"#, with: #""stride":0"#)
        XCTAssertThrowsError(try Manifest(json: Data(edited.utf8))) { error in
            let message = (error as? HeirloomError)?.message ?? ""
            XCTAssertTrue(message.contains(".stride: is out of range: 0"), message)
        }
    }
}
