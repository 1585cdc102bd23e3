import Foundation

@testable import RestoreCore

/// `pipeline.json`: a bundle of toy networks, and photos restored with it.
struct ToyBundle: Decodable {
    enum Faces: Decodable {
        case word(String)
        case boxes([[Double]])

        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            if let word = try? value.decode(String.self) {
                self = .word(word)
            } else {
                self = .boxes(try value.decode([[Double]].self))
            }
        }
    }

    struct Case: Decodable {
        let picture: Picture
        let strength: Double
        let scratches: String
        let painted: [Int]?
        let keepGray: Bool
        let faces: Faces
        let faceStrength: Double
        let fillOnly: Bool
        let result: Picture
        let done: [String]
        let facesFound: Int

        var options: Options {
            var options = Options(
                strength: strength, fillOnly: fillOnly, keepGray: keepGray, faceStrength: faceStrength)
            if scratches == "off" { options.scratches = .off }
            if let painted {
                let mask = ArrayPixels(
                    height: picture.shape[0], width: picture.shape[1], colours: 1,
                    samples: painted.map { UInt16($0 * 255) })
                options.scratches = .painted(Damage(painted: mask))
            }
            switch faces {
            case .word(let word): options.faces = word == "off" ? .off : .auto
            case .boxes(let boxes):
                options.faces = .boxes(
                    boxes.map { FaceBox(left: $0[0], top: $0[1], width: $0[2], height: $0[3]) })
            }
            return options
        }
    }

    let manifestText: String
    let finderPoints: [Int8]
    let cases: [Case]

    static func golden() throws -> ToyBundle { try GoldenFiles.read("pipeline") }

    func bundle() throws -> NetworkBundle {
        let manifest = try Manifest(json: Data(manifestText.utf8))
        return NetworkBundle(folder: URL(fileURLWithPath: "/"), manifest: manifest, digest: "")
    }

    func restorer(maxMemory: Int? = nil) throws -> Restorer {
        try restorer(Toys(finderPoints: finderPoints), maxMemory: maxMemory)
    }

    func restorer(_ runner: some PartRunner, maxMemory: Int? = nil) throws -> Restorer {
        try Restorer(
            bundle: bundle(), runner: runner, precision: .int8, formats: [.litert], maxMemory: maxMemory)
    }
}
