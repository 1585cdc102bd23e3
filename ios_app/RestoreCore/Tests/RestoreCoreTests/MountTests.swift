import XCTest

@testable import RestoreCore

final class MountTests: XCTestCase {
    private struct Case: Decodable {
        let shape: [Int]
        let top: Int
        let colours: [[Int]]
        let insides: [[Int]]
        let raised: Int
        let writing: [Int]?
        let found: [Int]?

        /// The picture within its mounts, as the toolkit makes it.
        var pixels: ArrayPixels {
            let (height, width) = (shape[0], shape[1])
            let channels = shape.count == 3 ? shape[2] : 1
            var samples = [UInt16]()
            samples.reserveCapacity(height * width * channels)
            for y in 0..<height {
                for x in 0..<width {
                    let mount = insides.firstIndex { !Self.isWithin($0, y, x) }
                    let inked = writing.map { Self.isWithin($0, y, x) && (x + y) % 4 == 0 } ?? false
                    for channel in 0..<channels {
                        var level: Int = (x * 3 + y * 5) % 130
                        level += 11 * channel + raised
                        if let mount { level = colours[mount][channel] + (x * 7 + y * 13) % 3 }
                        if inked { level = 40 }
                        samples.append(UInt16(level * (top / 255)))
                    }
                }
            }
            return ArrayPixels(height: height, width: width, colours: channels, top: top, samples: samples)
        }

        private static func isWithin(_ box: [Int], _ y: Int, _ x: Int) -> Bool {
            y >= box[0] && y < box[2] && x >= box[1] && x < box[3]
        }
    }

    private struct File: Decodable {
        let mounts: [Case]
    }

    func testPictures() throws {
        for (index, each) in try GoldenFiles.read("mounts", as: File.self).mounts.enumerated() {
            XCTAssertEqual(Mount.picture(in: each.pixels)?.sides, each.found, "case \(index)")
        }
    }

    /// The parts of a photo are read and written where they lie.
    func testInside() {
        let whole = ArrayPixels(height: 5, width: 6, colours: 3, samples: (0..<90).map { UInt16($0) })
        let inside = Inside(whole, Box(top: 1, left: 2, bottom: 4, right: 5))
        var line = [UInt16](repeating: 0, count: 6)
        inside.read(row: 2, left: 1, count: 2, into: &line)
        XCTAssertEqual(line, [63, 64, 65, 66, 67, 68])
        inside.write(row: 0, left: 0, count: 2, from: [200, 201, 202, 203, 204, 205])
        XCTAssertEqual(Array(whole.samples[24..<30]), [200, 201, 202, 203, 204, 205])
    }
}
