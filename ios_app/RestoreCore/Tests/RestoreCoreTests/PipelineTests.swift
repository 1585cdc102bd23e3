import Foundation
import XCTest

@testable import RestoreCore

/// Whole photos through the whole pipeline, with the toy networks.
final class PipelineTests: XCTestCase {
    func testEveryCase() async throws {
        let golden = try ToyBundle.golden()
        for (index, each) in golden.cases.enumerated() {
            let colour = each.result.channels == each.picture.channels
            let pixels = colour ? each.picture.pixels : ArrayPixels(inColour: each.picture.pixels)
            let seen = Shares()
            let restored = try await golden.restorer().restore(pixels, options: each.options) {
                seen.add($0)
            }
            XCTAssertEqual(restored.steps.map(\.description), each.done, "case \(index)")
            XCTAssertEqual(restored.faces.count, each.facesFound, "case \(index)")
            XCTAssertEqual(pixels.samples, each.result.values, "case \(index)")
            XCTAssertEqual(seen.all.last ?? 0, 1, accuracy: 1e-9)
            XCTAssertEqual(seen.all, seen.all.sorted())
        }
    }

    /// The detector's tiles count by their part in all work, as in Python; its damage needs another mapper.
    func testProgressIsTheShareOfTheWork() async throws {
        let plain = try await work(Options(scratches: .off, faces: .off))
        let chain = plain.costs.filter { $0.part != .tone }.map(\.cost).reduce(0, +)
        let whole = try await work(Options(faces: .off))
        let detector = whole.costs.filter { $0.part == .scratch }.map(\.cost).reduce(0, +)
        let detection = detector / (detector + chain)
        let tiles = whole.costs.filter { ![.finder, .tone].contains($0.part) }
        let later = tiles.filter { $0.part != .scratch }.map(\.cost).reduce(0, +)
        XCTAssertEqual(whole.shares.count, tiles.count)
        var expected = 0.0
        for (tile, share) in zip(tiles, whole.shares) {
            let isDetector = tile.part == .scratch
            expected += isDetector ? detection * tile.cost / detector : (1 - detection) * tile.cost / later
            XCTAssertEqual(share, expected, accuracy: 1e-9)
        }
        XCTAssertEqual(expected, 1, accuracy: 1e-9)
    }

    func testProgressOfFillingAlone() async throws {
        let found = try await work(Options(fillOnly: true))
        let detector = found.costs.filter { $0.part == .scratch }.map(\.cost)
        XCTAssertEqual(found.shares.count, detector.count + 1)
        XCTAssertEqual(found.shares[0], detector[0] / detector.reduce(0, +), accuracy: 1e-9)
        XCTAssertEqual(found.shares.suffix(2), [1, 1])
        let off = try await work(Options(scratches: .off, fillOnly: true))
        XCTAssertEqual(off.shares, [1])
    }

    /// The networks that ran while a photo with damage was restored, with the cells of their tiles, to which
    /// the toys' costs are proportional; and the progress that was reported.
    private func work(
        _ options: Options
    ) async throws -> (costs: [(part: PartName, cost: Double)], shares: [Double]) {
        let golden = try ToyBundle.golden()
        let (ran, seen) = (Ran(), Shares())
        let runner = Meddling(toys: Toys(finderPoints: golden.finderPoints)) { part, inputs in
            let channels = try golden.bundle().manifest.parts[part]?.artifacts[0].inputs[0].channels
            ran.add(part, cells: inputs[0].count / (channels ?? 1))
            return nil
        }
        let group = try XCTUnwrap(golden.cases.first { $0.facesFound > 0 }).picture
        _ = try await golden.restorer(runner).restore(group.pixels, options: options) { seen.add($0) }
        return (ran.all, seen.all)
    }

    func testMemoryOfAnyLayoutGivesTheSame() async throws {
        let golden = try ToyBundle.golden()
        let each = golden.cases[0]
        let (height, width) = (each.picture.shape[0], each.picture.shape[1])
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: height * width * 4, alignment: 16)
        defer { memory.deallocate() }
        let alpha = [UInt16](repeating: 77, count: height * width)
        memory.copyBytes(from: joinAlpha(colours: each.picture.values, alpha: alpha).map { UInt8($0) })
        let pixels = RGBXPixels(memory: memory, height: height, width: width, bytesPerRow: width * 4)
        _ = try await golden.restorer().restore(pixels, options: each.options)
        let (colours, after) = splitAlpha(memory.map(UInt16.init), channels: 4)
        XCTAssertEqual(colours, each.result.values)
        XCTAssertEqual(after, alpha)
    }

    func testWhatRestoreWouldFind() async throws {
        let golden = try ToyBundle.golden()
        let group = try XCTUnwrap(golden.cases.first { $0.facesFound > 0 })
        let restorer = try golden.restorer()
        let pixels = group.picture.pixels
        let boxes = try await restorer.findFaces(pixels, options: group.options)
        XCTAssertEqual(boxes.count, group.facesFound)
        let damage = try await restorer.findDamage(pixels, options: group.options)
        XCTAssertEqual(damage != nil, group.done[0].hasPrefix("damage"))
        XCTAssertEqual(pixels.samples, group.picture.values)
        let none = try await restorer.findDamage(pixels, options: Options(scratches: .off))
        XCTAssertNil(none)
    }

    /// In two steps, with a look at the damage in between, the photo comes out as in one; so it does where no
    /// stroke was drawn.
    func testRestoringFromTheFoundDamageGivesTheSame() async throws {
        let golden = try ToyBundle.golden()
        let restorer = try golden.restorer()
        for (index, each) in golden.cases.enumerated() where each.scratches == "auto" {
            guard each.painted == nil, each.result.channels == each.picture.channels else { continue }
            let (height, width) = (each.picture.shape[0], each.picture.shape[1])
            let found = try await restorer.findDamage(each.picture.pixels, options: each.options)
            let drawn = Damage(found, drawn: [], height: height, width: width)
            for scratches in [found.map { .painted($0) } ?? .off, .painted(drawn)] as [Options.Scratches] {
                var options = each.options
                options.scratches = scratches
                let pixels = each.picture.pixels
                _ = try await restorer.restore(pixels, options: options)
                XCTAssertEqual(pixels.samples, each.result.values, "case \(index)")
            }
        }
    }

    /// Faces are looked for only where something counts as damage.
    func testNothingIsLookedForInASoundPhoto() async throws {
        let golden = try ToyBundle.golden()
        let high = try golden.bundle().manifest.detection.high
        for (level, calls) in [(high - 1, false), (high, true)] {
            let runner = Meddling(toys: Toys(finderPoints: golden.finderPoints)) { part, inputs in
                guard part == .scratch else { return nil }
                var found = [Int8](repeating: -128, count: inputs[0].count / 3)
                // In the middle of its tile, which is square: no halo is read.
                let side = Int(Double(found.count / 16).squareRoot())
                found[(side / 2 * side + side / 2) * 16] = Int8(level - 128)
                return .int8(found)
            }
            _ = try await golden.restorer(runner).findDamage(golden.cases[0].picture.pixels)
            XCTAssertEqual(runner.calls(of: .finder) > 0, calls)
        }
    }

    /// A network that detects damage everywhere: the mask is all but the thick regions inside the face. A
    /// photo that is all damage has nothing left to fill it from, and counts as undamaged.
    func testAFaceIsNoDamage() async throws {
        let golden = try ToyBundle.golden()
        let group = try XCTUnwrap(golden.cases.first { $0.facesFound > 0 }).picture
        for (hasFace, points) in [(true, golden.finderPoints), (false, [Int8](repeating: 0, count: 10))] {
            let runner = Meddling(toys: Toys(finderPoints: points)) { part, inputs in
                part == .scratch ? .int8([Int8](repeating: 127, count: inputs[0].count / 3)) : nil
            }
            let text = golden.manifestText.replacingOccurrences(
                of: #""thick_spread":\d+"#, with: #""thick_spread":255"#, options: .regularExpression)
            let manifest = try Manifest(json: Data(text.utf8))
            let bundle = NetworkBundle(
                folder: URL(fileURLWithPath: "/"), manifest: manifest, digest: "")
            let restorer = try Restorer(
                bundle: bundle, runner: runner, precision: .int8, formats: [.litert])
            let damage = try await restorer.findDamage(group.pixels)
            XCTAssertEqual(damage != nil, hasFace)
        }
    }

    func testFillingAloneNeedsNoOtherNetwork() async throws {
        let golden = try ToyBundle.golden()
        let each = try XCTUnwrap(golden.cases.first { $0.fillOnly && $0.painted == nil })
        let runner = Meddling(toys: Toys(finderPoints: golden.finderPoints)) { _, _ in nil }
        var options = each.options
        options.faces = .auto
        _ = try await golden.restorer(runner).restore(each.picture.pixels, options: options)
        for part in [PartName.tone, .encoder, .mapperGlobal, .decoder, .face] {
            XCTAssertEqual(runner.calls(of: part), 0, part.rawValue)
        }
    }
}

/// The networks that ran, with the cells of their tiles.
private final class Ran: @unchecked Sendable {
    private let lock = NSLock()
    private var tiles = [(part: PartName, cost: Double)]()

    func add(_ part: PartName, cells: Int) { lock.withLock { tiles.append((part, Double(cells))) } }

    var all: [(part: PartName, cost: Double)] { lock.withLock { tiles } }
}

/// The progress that a restoration reported.
final class Shares: @unchecked Sendable {
    private let lock = NSLock()
    private var shares = [Double]()

    func add(_ share: Double) { lock.withLock { shares.append(share) } }

    var all: [Double] { lock.withLock { shares } }
}
