/// The face network's change of an aligned face, and the decision whether it is trusted.
struct FaceChange: Equatable {
    /// The change in steps, `side` x `side` x 3. `Int16` holds the largest change.
    let steps: [Int16]

    /// The unit of a stored change: a 64th of a level of an 8-bit photo.
    static let step = 1 / (64.0 * 255)

    /// Maximum root mean square of a trusted change, in 0...1: beyond, the network draws a different face.
    private static let maxChange = 0.12

    init(steps: [Int16]) { self.steps = steps }

    /// The change to add to an aligned face, given as it was before and after restoring. Throws as
    /// `LoadedPart.run`.
    init(_ part: LoadedPart, before: ArrayPixels, restored: ArrayPixels) async throws {
        let size = part.sizes[0]
        let input = cells(
            of: [before, restored], Box(top: 0, left: 0, bottom: size.rows, right: size.columns),
            stride: part.part.stride, levels: storedLevels(as: part.artifact.inputs[0]))
        let output = try await part.run(0, [input])
        self.init(real(output, as: part.output), part.part.stride, before, restored)
    }

    /// The change from the network's real `residual` in cells.
    init(_ residual: [Float], _ stride: Int, _ before: ArrayPixels, _ restored: ArrayPixels) {
        let (old, new) = (before.samples, restored.samples)
        let (side, run) = (before.width, 3 * stride)
        let unit = Float(255 * Self.step)
        var steps = [Int16](repeating: 0, count: old.count)
        for row in 0..<before.height {
            let line = row / stride * (side / stride) * run * stride + row % stride * run
            for place in 0..<3 * side {
                let (index, cell) = (3 * row * side + place, place / run)
                let value = residual[line + cell * run * stride + place % run]
                // The network's residual applies to the face as it was; the photo holds the restored one.
                let refined = min(255, max(0, Float(old[index]) + 255 * value))
                steps[index] = Int16(((refined - Float(new[index])) / unit).rounded(.toNearestOrEven))
            }
        }
        self.steps = steps
    }

    /// The change in 0...1.
    var values: [Float] {
        let step = Float(Self.step)
        return steps.map { Float($0) * step }
    }

    /// Root of the mean squared change, 0...1.
    var amount: Double {
        let change = values
        let squares = AlignedFace.feather.enumerated().map { place, weight in
            let (red, green, blue) = (change[3 * place], change[3 * place + 1], change[3 * place + 2])
            return (red * red + green * green + blue * blue) / 3 * weight
        }
        return Double((pairwiseSum(squares) / pairwiseSum(AlignedFace.feather)).squareRoot())
    }

    /// The record of a face, with the decision whether its change is applied.
    func judged(_ face: Face) -> FaceRecord {
        FaceRecord(
            box: face.box, score: rounded(face.score, 3), change: rounded(amount, 4),
            refined: amount <= Self.maxChange)
    }
}
