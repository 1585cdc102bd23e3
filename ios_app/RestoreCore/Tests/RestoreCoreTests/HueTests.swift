import XCTest

@testable import RestoreCore

final class HueTests: XCTestCase {
    private struct File: Decodable {
        struct Shown: Decodable {
            let picture: Picture
            let lightness: [UInt8]
            let one: Bool
        }
        let hues: [Shown]
    }

    private let golden = Result { try GoldenFiles.read("tone", as: File.self) }

    func testLightness() throws {
        for each in try golden.get().hues {
            XCTAssertEqual(Hue.lightness(of: each.picture.pixels), each.lightness)
        }
    }

    func testOneHue() throws {
        let hues = try golden.get().hues
        for each in hues { XCTAssertEqual(Hue.isOne(each.picture.pixels), each.one) }
        XCTAssertEqual(Set(hues.map(\.one)), [true, false])
    }

    func testSheet() {
        var samples = [UInt16](repeating: 200, count: 300)
        for place in 0..<9 { samples[place] = 209 }
        XCTAssertFalse(Hue.isFlat(ArrayPixels(height: 10, width: 10, colours: 3, samples: samples)))
        for place in 0..<3 { samples[place] = 208 }
        XCTAssertTrue(Hue.isFlat(ArrayPixels(height: 10, width: 10, colours: 3, samples: samples)))
    }

    /// Three pixels of a hundred in another hue, of much the same lightness, are too many, and two are not.
    func testEveryColourCounts() {
        for colour in 0..<3 {
            var samples = [UInt16](repeating: 104, count: 300)
            for pixel in 0..<3 { samples[3 * pixel + colour] = 116 }
            let pixels = ArrayPixels(height: 10, width: 10, colours: 3, samples: samples)
            XCTAssertFalse(Hue.isOne(pixels), "\(colour)")
            pixels.write(row: 0, left: 0, count: 1, from: [104, 104, 104])
            XCTAssertTrue(Hue.isOne(pixels), "\(colour)")
        }
    }

    /// Three pixels ten levels off, where what is usual is a hundredth of a level below none.
    func testWhatIsUsualIsRoundedDown() {
        for colour in [0, 2] {
            var samples = [UInt16](repeating: 104, count: 300)
            for pixel in 0..<3 { samples[3 * pixel + colour] = 114 }
            for pixel in 3..<34 { samples[3 * pixel + colour] = 103 }
            let pixels = ArrayPixels(height: 10, width: 10, colours: 3, samples: samples)
            XCTAssertFalse(Hue.isOne(pixels), "\(colour)")
        }
    }

    func testRoundedDown() {
        XCTAssertEqual([-7, -6, -1, 0, 5, 6].map { floored($0, 3) }, [-3, -2, -1, 0, 1, 2])
    }
}
