/// The damage mask of a whole photo: its cracked, torn, scratched or stained pixels.
public struct Damage: Equatable, Sendable {
    /// Each value stands for `factor` x `factor` pixels.
    public let mask: Mask
    public let factor: Int

    init(_ mask: Mask, factor: Int) { (self.mask, self.factor) = (mask, factor) }

    /// A damage mask painted by a person, as large as the photo: bright is damaged.
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
        self.init(Mask(rows: painted.height, columns: painted.width, values: mask), factor: 1)
    }

    /// The damage that was `found` (nil: none) in a photo of `height` x `width` pixels, as strokes of a brush
    /// and an eraser change it.
    public init(_ found: Damage?, drawn strokes: [Stroke], height: Int, width: Int) {
        var mask = Mask(
            rows: height, columns: width, values: [Bool](repeating: false, count: height * width))
        if let found {
            var line = [Bool](repeating: false, count: width)
            for row in 0..<height {
                found.read(row: row, into: &line)
                mask.values.replaceSubrange(row * width..<(row + 1) * width, with: line)
            }
        }
        mask.draw(strokes)
        self.init(mask, factor: 1)
    }

    /// Damaged share of the photo, 0...1.
    public var share: Double {
        Double(mask.values.lazy.filter { $0 }.count) / Double(mask.values.count)
    }

    /// The window `box` (in cells of a photo of `height` x `width` pixels), mirrored beyond borders: for
    /// each cell its `stride` x `stride` pixels.
    func cells(_ box: Box, stride: Int, height: Int, width: Int) -> [Bool] {
        let pixels = box.scaled(stride)
        let across = (pixels.left..<pixels.right).map { mirrored($0, width) / factor }
        var cells = [Bool](repeating: false, count: pixels.rows * pixels.columns)
        for row in 0..<pixels.rows {
            let line = mirrored(pixels.top + row, height) / factor * mask.columns
            let first = row / stride * pixels.columns * stride + row % stride * stride
            for (column, place) in across.enumerated() where mask.values[line + place] {
                cells[first + column / stride * stride * stride + column % stride] = true
            }
        }
        return cells
    }

    /// The damage in the photo of `height` x `width` pixels shrunk to `rows` x `columns`: a pixel is damaged if
    /// one of those that it stands for is, so that fine scratches stay visible.
    public func shrunk(rows: Int, columns: Int, height: Int, width: Int) -> Mask {
        var small = Mask(
            rows: rows, columns: columns, values: [Bool](repeating: false, count: rows * columns))
        var line = [Bool](repeating: false, count: width)
        for row in 0..<height {
            read(row: row, into: &line)
            let first = row * rows / height * columns
            for column in 0..<width where line[column] {
                small.values[first + column * columns / width] = true
            }
        }
        return small
    }

    /// Writes to `line`, for each pixel of the photo's `row`, whether it is damaged.
    func read(row: Int, into line: inout [Bool]) {
        let first = row / factor * mask.columns
        for column in line.indices { line[column] = mask.values[first + column / factor] }
    }

    /// Whether each cell of `area` is free of damaged pixels.
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
}
