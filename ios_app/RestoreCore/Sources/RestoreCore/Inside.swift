/// A part of a photo, read and overwritten in place.
final class Inside: Pixels {
    private let whole: any Pixels
    /// Where the part lies in the photo.
    let box: Box

    init(_ whole: any Pixels, _ box: Box) { (self.whole, self.box) = (whole, box) }

    var height: Int { box.rows }
    var width: Int { box.columns }
    var colours: Int { whole.colours }
    var top: Int { whole.top }
    var bytes: Int { whole.bytes }

    func read(row: Int, left: Int, count: Int, into samples: UnsafeMutablePointer<UInt16>) {
        whole.read(row: box.top + row, left: box.left + left, count: count, into: samples)
    }

    func write(row: Int, left: Int, count: Int, from samples: UnsafePointer<UInt16>) {
        whole.write(row: box.top + row, left: box.left + left, count: count, from: samples)
    }

    /// The options with what was marked in the whole photo moved to this part.
    func marked(_ options: Options) -> Options {
        var options = options
        if case .painted(let damage) = options.scratches { options.scratches = .painted(cut(damage)) }
        if case .boxes(let boxes) = options.faces { options.faces = .boxes(boxes.map { moved($0, -1) }) }
        return options
    }

    /// A face's box in the whole photo's pixels.
    func placed(_ face: FaceBox) -> FaceBox { moved(face, 1) }

    /// The record of a face, in the whole photo's pixels.
    func placed(_ face: FaceRecord) -> FaceRecord {
        FaceRecord(box: placed(face.box), score: face.score, change: face.change, refined: face.refined)
    }

    /// Damage of this part as damage of the whole photo, each pixel by itself.
    func placed(_ damage: Damage) -> Damage {
        var values = [Bool](repeating: false, count: whole.height * whole.width)
        var line = [Bool](repeating: false, count: width)
        for row in 0..<height {
            damage.read(row: row, into: &line)
            let first = (box.top + row) * whole.width + box.left
            values.replaceSubrange(first..<first + width, with: line)
        }
        return Damage(Mask(rows: whole.height, columns: whole.width, values: values), factor: 1)
    }

    private func moved(_ face: FaceBox, _ sign: Double) -> FaceBox {
        FaceBox(
            left: face.left + sign * Double(box.left), top: face.top + sign * Double(box.top),
            width: face.width, height: face.height)
    }

    /// The part of a mask of the whole photo.
    private func cut(_ damage: Damage) -> Damage {
        if damage.factor == 1 { return Damage(damage.mask.window(box), factor: 1) }
        var line = [Bool](repeating: false, count: whole.width)
        let values = (box.top..<box.bottom).flatMap { row in
            damage.read(row: row, into: &line)
            return line[box.left..<box.right]
        }
        return Damage(Mask(rows: height, columns: width, values: values), factor: 1)
    }
}
