import Foundation
import XCTest

@testable import RestoreCore

/// The vectors that the toolkit writes for all its runtimes, and how they are read.
enum GoldenFiles {
    /// The repository that this file lies in.
    static let repository: URL = {
        var folder = URL(fileURLWithPath: #filePath)
        while folder.path != "/" {
            folder.deleteLastPathComponent()
            let golden = folder.appendingPathComponent("tests/golden")
            if FileManager.default.fileExists(atPath: golden.path) { return folder }
        }
        fatalError("no tests/golden above \(#filePath)")
    }()

    static func read<File: Decodable>(_ name: String, as _: File.Type = File.self) throws -> File {
        let path = repository.appendingPathComponent("tests/golden/\(name).json")
        let decoder = JSONDecoder()
        // The files' names have underscores. Tensors and what detection follows are the manifest's own, and
        // paths are no names.
        decoder.keyDecodingStrategy = .custom { path in
            let key = path[path.count - 1]
            let kept = ["spec", "detection", "rule", "files"]
            let isInside = path.dropLast().contains { kept.contains($0.stringValue) }
            return isInside ? key : FieldName(camelCase(key.stringValue))
        }
        return try decoder.decode(File.self, from: Data(contentsOf: path))
    }

    private static func camelCase(_ name: String) -> String {
        let words = name.split(separator: "_")
        return words.dropFirst().reduce(String(words[0])) { $0 + $1.capitalized }
    }
}

/// Pixels of one, three or (for alpha) two or four samples.
struct Picture: Decodable {
    let shape: [Int]
    let top: Int
    let values: [UInt16]

    var channels: Int { shape.count == 2 ? 1 : shape[2] }

    var pixels: ArrayPixels {
        ArrayPixels(height: shape[0], width: shape[1], colours: channels, top: top, samples: values)
    }
}

extension Box {
    init(_ sides: [Int]) { self.init(top: sides[0], left: sides[1], bottom: sides[2], right: sides[3]) }

    var sides: [Int] { [top, left, bottom, right] }
}

extension Mask {
    init(_ shape: [Int], _ values: [Int]) {
        self.init(rows: shape[0], columns: shape[1], values: bools(values))
    }
}

extension TileSize {
    init(_ sides: [Int]) { self.init(rows: sides[0], columns: sides[1]) }
}

extension Placement {
    var row: [Int] { keep.sides + [size] }
}

extension Stored {
    init(_ values: [Double], _ dtype: DataType) {
        switch dtype {
        case .int8: self = .int8(values.map { Int8($0) })
        case .uint8: self = .uint8(values.map { UInt8($0) })
        case .float32: self = .float32(values.map { Float($0) })
        }
    }
}

extension Point {
    static func list(_ flat: [Double]) -> [Point] {
        stride(from: 0, to: flat.count, by: 2).map { Point(x: flat[$0], y: flat[$0 + 1]) }
    }
}

extension Similarity {
    var rows: [Double] { [a, b, c, d, e, f] }
}

/// Both have as many values, and none differs by more than `accuracy` of the larger of itself and 1.
func assertClose(
    _ one: [Double], _ other: [Double], _ accuracy: Double, _ message: String = "",
    file: StaticString = #filePath, line: UInt = #line
) {
    XCTAssertEqual(one.count, other.count, message, file: file, line: line)
    for (index, (first, second)) in zip(one, other).enumerated() {
        XCTAssertEqual(
            first, second, accuracy: accuracy * max(1, abs(second)), "value \(index) \(message)",
            file: file,
            line: line)
    }
}

func bools(_ values: [Int]) -> [Bool] { values.map { $0 != 0 } }
