import Foundation
import XCTest

@testable import RestoreCore

/// Behaviour of a restoration that can't go on.
final class FailureTests: XCTestCase {
    func testCancelledBeforeAnythingIsOverwritten() async throws {
        let golden = try ToyBundle.golden()
        let each = golden.cases[0]
        let runner = Meddling(toys: Toys(finderPoints: golden.finderPoints)) { part, _ in
            if part == .encoder { withUnsafeCurrentTask { $0?.cancel() } }
            return nil
        }
        let restorer = try golden.restorer(runner)
        let after: (isCancelled: Bool, samples: [UInt16]) = await Task {
            let pixels = each.picture.pixels
            do {
                _ = try await restorer.restore(pixels, options: each.options)
                return (false, pixels.samples)
            } catch {
                return (error is CancellationError, pixels.samples)
            }
        }.value
        XCTAssertTrue(after.isCancelled)
        XCTAssertEqual(runner.calls(of: .encoder), 1)
        XCTAssertEqual(runner.calls(of: .mapper) + runner.calls(of: .mapperGlobal), 0)
        XCTAssertNotEqual(after.samples, each.result.values)
    }

    func testATaskThatIsCancelledAlreadyChangesNothing() async throws {
        let golden = try ToyBundle.golden()
        let each = golden.cases[0]
        let restorer = try golden.restorer()
        let untouched = await Task {
            withUnsafeCurrentTask { $0?.cancel() }
            let pixels = each.picture.pixels
            _ = try? await restorer.restore(pixels, options: each.options)
            return pixels.samples == each.picture.values
        }.value
        XCTAssertTrue(untouched)
    }

    /// No network runs in them that would stop.
    func testTheFillAndTheToneStopBetweenRows() async throws {
        let untouched = await Task {
            withUnsafeCurrentTask { $0?.cancel() }
            let pixels = ArrayPixels(height: 4, width: 4, colours: 3, samples: (0..<48).map { 5 * $0 })
            let before = pixels.samples
            let painted = Damage(Mask([2, 2], [1, 0, 0, 0]), factor: 2)
            let white = [[Double]](repeating: [1, 1], count: 3)
            let works: [() throws -> Void] = [
                { try pushPull(pixels, painted, strength: 1) },
                { try Tone.applyCurves(white, to: pixels, strength: 1) },
                { try Tone.applyToLightness(white, to: pixels, strength: 1) },
            ]
            for work in works {
                do {
                    try work()
                    XCTFail("nothing was thrown")
                } catch {
                    XCTAssertTrue(error is CancellationError)
                }
            }
            return pixels.samples == before
        }.value
        XCTAssertTrue(untouched)
    }

    func testWhatIsNotANumberIsRefused() async throws {
        await assertFails(.tone, with: .float32([Float](repeating: .nan, count: 27)))
        await assertFails(.tone, with: .float32([Float](repeating: .infinity, count: 27)))
    }

    func testOutputOfAnotherSizeOrKindIsRefused() async throws {
        await assertFails(.encoder, with: .int8([1, 2, 3]))
        await assertFails(.tone, with: .int8([Int8](repeating: 0, count: 27)))
    }

    func testWhatTheRunnerThrowsIsPassedOn() async throws {
        struct Broken: Error {}
        let golden = try ToyBundle.golden()
        let runner = Meddling(toys: Toys(finderPoints: golden.finderPoints)) { _, _ in throw Broken() }
        do {
            _ = try await golden.restorer(runner).restore(golden.cases[0].picture.pixels)
            XCTFail("nothing was thrown")
        } catch {
            XCTAssertTrue(error is Broken)
        }
    }

    func testAMaskOfAnotherSize() async throws {
        let mask = Damage(painted: ArrayPixels(height: 3, width: 4, colours: 1))
        await assertThrows(.photoError, Options(scratches: .painted(mask)))
    }

    func testABoxWithoutAWidth() async throws {
        for side in [0, -5, .nan, .infinity] as [Double] {
            let box = FaceBox(left: 1, top: 1, width: side, height: 9)
            await assertThrows(.photoError, Options(faces: .boxes([box])))
        }
    }

    func testABoxThatIsFoundAgainAsAPoint() async throws {
        let golden = try ToyBundle.golden()
        let find = [127] + golden.finderPoints
        let runner = Meddling(toys: Toys(finderPoints: golden.finderPoints)) { part, inputs in
            guard part == .finder else { return nil }
            return .int8((0..<inputs[0].count / 192).flatMap { _ in find })
        }
        let box = FaceBox(left: 9, top: 9, width: 1e-4, height: 1e-4)
        let restored = try await golden.restorer(runner).restore(
            golden.cases[0].picture.pixels, options: Options(faces: .boxes([box])))
        XCTAssertEqual(restored.faces.map(\.score), [1])
    }

    func testTooLittleMemory() async throws {
        await assertThrows(.memoryBudgetExceeded, Options(), maxMemory: Budget.base)
    }

    /// Memory that is enough for colours of 3 bytes a pixel is not for the same with alpha.
    func testAlphaCountsAmongThePixels() async throws {
        let golden = try ToyBundle.golden()
        let each = golden.cases[0]
        let (height, width) = (each.picture.shape[0], each.picture.shape[1])
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: height * width * 4, alignment: 16)
        defer { memory.deallocate() }
        memory.initializeMemory(as: UInt8.self, repeating: 0)
        let withAlpha = RGBXPixels(memory: memory, height: height, width: width, bytesPerRow: width * 4)
        let needed = Budget.memory(
            height: height, width: width, pixelBytes: height * width * 3,
            largestSide: try golden.bundle().manifest.detection.largestSide)
        let restorer = try golden.restorer(maxMemory: needed + (needed - Budget.base) / 3)
        _ = try await restorer.restore(each.picture.pixels, options: each.options)
        do {
            _ = try await restorer.restore(withAlpha, options: each.options)
            XCTFail("nothing was thrown")
        } catch {
            XCTAssertEqual((error as? HeirloomError)?.kind, .memoryBudgetExceeded)
        }
    }

    func testABundleWithoutAPart() throws {
        let golden = try ToyBundle.golden()
        XCTAssertThrowsError(
            try Restorer(
                bundle: golden.bundle(), runner: Toys(finderPoints: []), precision: .int8,
                formats: [.coreml])
        ) { XCTAssertEqual(($0 as? HeirloomError)?.kind, .missingArtifact) }
    }

    func testABundleThatCanNotMendDamageLeavesThePhoto() async throws {
        let golden = try ToyBundle.golden()
        let each = golden.cases[0].picture
        let text = golden.manifestText.replacingOccurrences(
            of: #""mapper_global":.*?\}\]\},"#, with: "", options: .regularExpression)
        let manifest = try Manifest(json: Data(text.utf8))
        let restorer = try Restorer(
            bundle: NetworkBundle(folder: URL(fileURLWithPath: "/"), manifest: manifest, digest: ""),
            runner: Toys(finderPoints: golden.finderPoints), precision: .int8, formats: [.litert])
        let pixels = each.pixels
        do {
            _ = try await restorer.restore(pixels)
            XCTFail("nothing was thrown")
        } catch {
            XCTAssertEqual((error as? HeirloomError)?.kind, .missingArtifact)
        }
        XCTAssertEqual(pixels.samples, each.values)
        // It can fill it all the same.
        let filled = try await restorer.restore(pixels, options: Options(fillOnly: true))
        XCTAssertEqual(filled.steps.count, 1)
    }

    func testTheSmallestTilesAloneGiveTheSame() async throws {
        let golden = try ToyBundle.golden()
        let each = golden.cases[0]
        let pixels = each.picture.pixels
        let memory = Budget.memory(height: pixels.height, width: pixels.width) * 2 - Budget.base
        _ = try await golden.restorer(maxMemory: memory).restore(pixels, options: each.options)
        XCTAssertEqual(pixels.samples, each.result.values)
    }

    private func assertFails(_ wrong: PartName, with output: Stored, line: UInt = #line) async {
        do {
            let golden = try ToyBundle.golden()
            let runner = Meddling(toys: Toys(finderPoints: golden.finderPoints)) { part, _ in
                part == wrong ? output : nil
            }
            let pixels = golden.cases[0].picture.pixels
            _ = try await golden.restorer(runner).restore(pixels)
            XCTFail("nothing was thrown", line: line)
        } catch {
            XCTAssertEqual((error as? HeirloomError)?.kind, .networkFailed, line: line)
        }
    }

    private func assertThrows(
        _ kind: HeirloomError.Kind, _ options: Options, maxMemory: Int? = nil, line: UInt = #line
    ) async {
        do {
            let golden = try ToyBundle.golden()
            let each = golden.cases[0].picture
            let pixels = each.pixels
            do {
                _ = try await golden.restorer(maxMemory: maxMemory).restore(pixels, options: options)
                XCTFail("nothing was thrown", line: line)
            } catch let error as HeirloomError {
                XCTAssertEqual(error.kind, kind, line: line)
            }
            XCTAssertEqual(pixels.samples, each.values, line: line)
        } catch {
            XCTFail("\(error)", line: line)
        }
    }
}

/// Toy networks that someone may act upon, and that count how often they run.
final class Meddling: PartRunner, @unchecked Sendable {
    private let toys: Toys
    private let meddle: @Sendable (PartName, [Stored]) throws -> Stored?
    private let lock = NSLock()
    private var counts = [PartName: Int]()

    init(toys: Toys, _ meddle: @escaping @Sendable (PartName, [Stored]) throws -> Stored?) {
        (self.toys, self.meddle) = (toys, meddle)
    }

    func calls(of part: PartName) -> Int { lock.withLock { counts[part, default: 0] } }

    func run(part: PartName, artifact: Artifact, tile: Tile, inputs: [Stored]) async throws -> Stored {
        lock.withLock { counts[part, default: 0] += 1 }
        if let output = try meddle(part, inputs) { return output }
        return try await toys.run(part: part, artifact: artifact, tile: tile, inputs: inputs)
    }
}
