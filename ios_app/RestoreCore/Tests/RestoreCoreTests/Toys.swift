import Foundation

@testable import RestoreCore

/// Toy networks in integer arithmetic, which every language has: they make whole photos comparable.
struct Toys: PartRunner {
    /// Channels 1 to 10 of the finder's output at a detection.
    let finderPoints: [Int8]

    func run(part: PartName, artifact: Artifact, tile: Tile, inputs: [Stored]) async throws -> Stored {
        let tensors = zip(inputs, artifact.inputs).map { stored, tensor in
            Window(stored, tensorShape(tensor, tile: tile))
        }
        switch part {
        case .scratch: return mean(tensors[0], 16) { $0 > 90 ? 127 : -128 }
        case .encoder, .mapper: return mean(tensors[0], 8) { $0 }
        case .decoder: return decoded(tensors[1], photo: tensors[0])
        case .mapperGlobal: return global(tensors[0], mask: tensors[1], context: tensors[2])
        case .finder: return finder(tensors[0])
        case .face: return face(tensors[0])
        case .tone:
            return .float32(
                [0.02, 0.04, 0.06].flatMap { [$0, 0.14, 0.11, 0.12, 0.12, 0.12, 0.12, 0.12, 0.12] })
        default: fatalError("no toy network \(part)")
        }
    }

    private func mean(_ window: Window, _ channels: Int, _ change: (Int) -> Int) -> Stored {
        .int8(window.mean(channels).map { Int8(change($0)) })
    }

    private func global(_ latent: Window, mask: Window, context: Window) -> Stored {
        let mapped = latent.mean(8)
        return .int8(
            mapped.enumerated().map { place, value in
                let channel = place % 8
                let isMasked = mask.values[place / 8 * mask.channels + channel % mask.channels] > 0
                let token = context.values[5 * context.channels + channel]
                return Int8(value + (isMasked ? floored(token - value, 2) : 0))
            })
    }

    private func decoded(_ latent: Window, photo: Window) -> Stored {
        .int8(zip(latent.mean(48), photo.values).map { Int8(floored($0, 4) + floored($1, 16)) })
    }

    private func finder(_ photo: Window) -> Stored {
        var output = [Int8](repeating: -128, count: photo.rows * photo.columns * 11)
        let sums = (0..<photo.rows * photo.columns).map { cell in
            photo.values[cell * photo.channels..<(cell + 1) * photo.channels].reduce(0, +)
        }
        if let brightest = sums.max(), brightest > 20_000, let cell = sums.firstIndex(of: brightest) {
            let (first, half) = (cell * photo.channels, photo.channels / 2)
            let above = photo.values[first..<first + half].reduce(0, +)
            let below = photo.values[first + half..<first + 2 * half].reduce(0, +)
            // Surer of what grows darker downwards, so that it knows which way up a face is.
            let sure: Int8 = above - below > 100 ? 127 : 30
            output.replaceSubrange(cell * 11..<(cell + 1) * 11, with: [sure] + finderPoints)
        }
        return .int8(output)
    }

    private func face(_ pair: Window) -> Stored {
        .int8(
            (0..<pair.rows * pair.columns * 48).map { place in
                let first = place / 48 * 96 + place % 48
                return Int8(floored(pair.values[first] - pair.values[first + 48], 4))
            })
    }
}

/// A tensor of integers by row, column and channel.
private struct Window {
    let rows: Int
    let columns: Int
    let channels: Int
    let values: [Int]

    init(_ stored: Stored, _ shape: [Int]) {
        channels = shape[shape.count - 1]
        columns = shape[shape.count - 2]
        rows = shape.count == 3 ? shape[0] : 1
        guard case .int8(let values) = stored else {
            self.values = []
            return
        }
        self.values = values.map(Int.init)
    }

    /// Mean of 3 x 3 neighbours, rounded down; output channel `o` of input channel `5 o + 3`.
    func mean(_ count: Int) -> [Int] {
        var means = [Int]()
        means.reserveCapacity(rows * columns * count)
        for row in 0..<rows {
            for column in 0..<columns {
                for channel in 0..<count {
                    let source = (channel * 5 + 3) % channels
                    var sum = 0
                    for y in row - 1...row + 1 {
                        for x in column - 1...column + 1 {
                            let (y, x) = (min(max(y, 0), rows - 1), min(max(x, 0), columns - 1))
                            sum += values[(y * columns + x) * channels + source]
                        }
                    }
                    means.append(floored(sum, 9))
                }
            }
        }
        return means
    }
}

private func floored(_ value: Int, _ divisor: Int) -> Int {
    value >= 0 ? value / divisor : -((-value + divisor - 1) / divisor)
}
