/// Adds `changes` to the `faces` of a photo, in place, under a mask that fades out around each. Pixels
/// outside that mask do not change, and a face of a thousand pixels keeps the detail that an aligned one
/// can't hold.
///
/// Where faces overlap each has its share, whatever their order. `gray`: give all colours the same.
func putBack(_ pixels: any Pixels, _ faces: [Face], _ changes: [FaceChange], strength: Double, gray: Bool) {
    let side = AlignedFace.side
    let regions = faces.map {
        region($0.matrix.inverse, side: side, height: pixels.height, width: pixels.width)
    }
    for (index, face) in faces.enumerated() {
        let others = faces.indices.filter { $0 != index && regions[$0].meets(regions[index]) }
        let patch = FacePatch(
            layers: layers(changes[index], gain: Float(strength * Double(pixels.top)), gray: gray),
            matrix: face.matrix, others: others.map { faces[$0].matrix })
        patch.add(to: pixels, regions[index])
    }
}

/// A face's change in the photo's levels and a layer of ones, both under the feather: four channels.
private func layers(_ change: FaceChange, gain: Float, gray: Bool) -> Sampler {
    let side = AlignedFace.side
    var matched = change.values
    let rim = rim(matched)
    for place in matched.indices { matched[place] -= rim[place % 3] }
    var values = [Float](repeating: 0, count: side * side * 4)
    for (place, weight) in AlignedFace.feather.enumerated() {
        let (red, green, blue) = (matched[3 * place], matched[3 * place + 1], matched[3 * place + 2])
        let mean = (red + green + blue) / 3
        values[4 * place] = (gray ? mean : red) * gain * weight
        values[4 * place + 1] = (gray ? mean : green) * gain * weight
        values[4 * place + 2] = (gray ? mean : blue) * gain * weight
        values[4 * place + 3] = weight
    }
    return Sampler(rows: side, columns: side, channels: 4, values: values)
}

/// The mean colour of the change in the fading rim, which is subtracted so that the face matches its
/// surroundings.
private func rim(_ change: [Float]) -> [Float] {
    let weights = AlignedFace.feather.map { $0 * (1 - $0) }
    var sums: [Float] = [0, 0, 0]
    for (place, weight) in weights.enumerated() {
        for colour in 0..<3 { sums[colour] += weight * change[3 * place + colour] }
    }
    let total = pairwiseSum(weights)
    return sums.map { $0 / total }
}

private struct FacePatch {
    let layers: Sampler
    let matrix: Similarity
    /// Faces whose regions overlap this one's.
    let others: [Similarity]

    private static let feather = Sampler(
        rows: AlignedFace.side, columns: AlignedFace.side, channels: 1, values: AlignedFace.feather)

    func add(to pixels: any Pixels, _ region: Box) {
        let colours = pixels.colours
        let top = Float(pixels.top)
        var line = [UInt16](repeating: 0, count: region.columns * colours)
        for y in region.top..<region.bottom {
            pixels.read(row: y, left: region.left, count: region.columns, into: &line)
            for column in 0..<region.columns {
                let at = Point(x: Double(region.left + column), y: Double(y))
                let (red, green, blue) = added(at)
                if colours == 1 {
                    line[column] = moved(line[column], (red + green + blue) / 3, top)
                } else {
                    line[3 * column] = moved(line[3 * column], red, top)
                    line[3 * column + 1] = moved(line[3 * column + 1], green, top)
                    line[3 * column + 2] = moved(line[3 * column + 2], blue, top)
                }
            }
            pixels.write(row: y, left: region.left, count: region.columns, from: line)
        }
    }

    @inline(__always)
    private func added(_ at: Point) -> (Float, Float, Float) {
        var mine: (Float, Float, Float, Float) = (0, 0, 0, 0)
        layers.sample(matrix.moved(at)) { channel, value in
            switch channel {
            case 0: mine.0 = value
            case 1: mine.1 = value
            case 2: mine.2 = value
            default: mine.3 = value
            }
        }
        var theirs: Float = 0
        for other in others { Self.feather.sample(other.moved(at)) { _, value in theirs += value } }
        let total = max(mine.3 + theirs, 1)
        return (mine.0 / total, mine.1 / total, mine.2 / total)
    }

    @inline(__always)
    private func moved(_ sample: UInt16, _ change: Float, _ top: Float) -> UInt16 {
        UInt16(min(top, max(0, (Float(sample) + change).rounded(.toNearestOrEven))))
    }
}
