/// The damage mask: which pixels are scratched, torn or stained, for the whole photo.
public struct Damage: Equatable, Sendable {
    /// `rows` x `columns` values, row by row.
    public let mask: [Bool]
    public let rows: Int
    public let columns: Int
    /// Each value stands for `factor` x `factor` pixels.
    public let factor: Int

    init(mask: [Bool], rows: Int, columns: Int, factor: Int) {
        (self.mask, self.rows, self.columns, self.factor) = (mask, rows, columns, factor)
    }

    /// A mask painted by a person, as large as the photo: bright is damaged.
    public init(painted: any Pixels) {
        var line = [UInt16](repeating: 0, count: painted.width * painted.colours)
        var mask = [Bool]()
        mask.reserveCapacity(painted.height * painted.width)
        for row in 0..<painted.height {
            painted.read(row: row, left: 0, count: painted.width, into: &line)
            for pixel in 0..<painted.width {
                let samples = line[pixel * painted.colours..<(pixel + 1) * painted.colours]
                mask.append(samples.contains { 2 * Int($0) >= painted.top })
            }
        }
        self.init(mask: mask, rows: painted.height, columns: painted.width, factor: 1)
    }

    /// Where the detector's `probability` (rows x columns) reaches `threshold`, and one step around it: a
    /// detector is least sure at the rim of a scratch, where its paint fades out.
    init(probability: [Float], rows: Int, columns: Int, threshold: Double, factor: Int) {
        let threshold = Float(threshold)
        var mask = [Bool](repeating: false, count: rows * columns)
        for row in 0..<rows {
            for column in 0..<columns where probability[row * columns + column] >= threshold {
                for near in max(0, row - 1)...min(rows - 1, row + 1) {
                    for beside in max(0, column - 1)...min(columns - 1, column + 1) {
                        mask[near * columns + beside] = true
                    }
                }
            }
        }
        self.init(mask: mask, rows: rows, columns: columns, factor: factor)
    }

    /// Damaged share of the photo, 0...1.
    public var share: Double { Double(mask.lazy.filter { $0 }.count) / Double(mask.count) }

    /// The window `box` (in cells of a photo of `height` x `width` pixels), mirrored beyond borders: for
    /// each cell its `stride` x `stride` pixels.
    func cells(_ box: Box, stride: Int, height: Int, width: Int) -> [Bool] {
        let pixels = box.scaled(stride)
        let across = (pixels.left..<pixels.right).map { mirrored($0, width) / factor }
        var cells = [Bool](repeating: false, count: pixels.rows * pixels.columns)
        for row in 0..<pixels.rows {
            let line = mirrored(pixels.top + row, height) / factor * columns
            let first = row / stride * pixels.columns * stride + row % stride * stride
            for (column, place) in across.enumerated() where mask[line + place] {
                cells[first + column / stride * stride * stride + column % stride] = true
            }
        }
        return cells
    }

    /// Which cells of `area` have no damaged pixel.
    func intact(_ area: Box, stride: Int, height: Int, width: Int) -> [Bool] {
        let size = stride * stride
        var intact = [Bool]()
        intact.reserveCapacity(area.rows * area.columns)
        for row in area.top..<area.bottom {
            let line = Box(top: row, left: area.left, bottom: row + 1, right: area.right)
            let cells = cells(line, stride: stride, height: height, width: width)
            for column in 0..<area.columns {
                intact.append(!cells[column * size..<(column + 1) * size].contains(true))
            }
        }
        return intact
    }

    /// The mask where each value stands for `factor` pixels, a multiple of its own factor.
    func shrunk(to factor: Int) -> Damage {
        let step = factor / self.factor
        if step == 1 { return self }
        let (high, wide) = (parts(of: rows, step), parts(of: columns, step))
        var small = [Bool](repeating: false, count: high * wide)
        for row in 0..<rows {
            for column in 0..<columns where mask[row * columns + column] {
                small[row / step * wide + column / step] = true
            }
        }
        return Damage(mask: small, rows: high, columns: wide, factor: factor)
    }
}
