/// The cells of `box` as network input, mirrored beyond the photo's borders: `box.rows` x
/// `box.columns` cells, each with the `stride` x `stride` pixels of every photo in turn, ordered row,
/// column, colour.
///
/// `levels` are the 256 levels as the network's input stores them. With `own`, only these cells are read,
/// and their outermost pixels repeated.
func cells(
    of photos: [any Pixels], _ box: Box, stride: Int, levels: Stored, own: Box? = nil
) -> Stored {
    switch levels {
    case .int8(let table): .int8(cells(photos, box, stride, table, own))
    case .uint8(let table): .uint8(cells(photos, box, stride, table, own))
    case .float32(let table): .float32(cells(photos, box, stride, table, own))
    }
}

private func cells<Value>(
    _ photos: [any Pixels], _ box: Box, _ stride: Int, _ table: [Value], _ own: Box?
) -> [Value] {
    let run = 3 * stride
    let channels = run * stride * photos.count
    let pixels = box.scaled(stride)
    var seen = [UInt8](repeating: 0, count: 3 * pixels.columns)
    var all = [Value](repeating: table[0], count: box.rows * box.columns * channels)
    for (place, photo) in photos.enumerated() {
        var rows = SeenRows(photo, left: pixels.left, right: pixels.right, own: own?.scaled(stride))
        for row in 0..<pixels.rows {
            let first = row / stride * box.columns * channels + (place * stride + row % stride) * run
            all.withUnsafeMutableBufferPointer { all in
                table.withUnsafeBufferPointer { table in
                    seen.withUnsafeMutableBufferPointer { seen in
                        rows.read(pixels.top + row, into: seen.baseAddress!)
                        for column in 0..<box.columns {
                            let (from, to) = (column * run, first + column * channels)
                            for index in 0..<run { all[to + index] = table[Int(seen[from + index])] }
                        }
                    }
                }
            }
        }
    }
    return all
}

/// Mean of each `factor` x `factor` block of the pixels in `region` (nil: all), rounded, in 8 bits and
/// three colours. Blocks at the right and lower border may be partial. Integer arithmetic only, so that
/// every platform gets the same levels.
func shrink(_ pixels: any Pixels, _ factor: Int, region: Box? = nil) -> ArrayPixels {
    let box = region ?? Box(top: 0, left: 0, bottom: pixels.height, right: pixels.width)
    let colours = pixels.colours
    let depth = pixels.top == 255 ? 1 : 257
    let (rows, columns) = (parts(of: box.rows, factor), parts(of: box.columns, factor))
    let small = ArrayPixels(height: rows, width: columns, colours: 3)
    var line = [UInt16](repeating: 0, count: box.columns * colours)
    var mean = [UInt16](repeating: 0, count: columns * 3)
    for row in 0..<rows {
        var sums = [Int](repeating: 0, count: columns * colours)
        let last = min(box.bottom, box.top + (row + 1) * factor)
        for y in box.top + row * factor..<last {
            pixels.read(row: y, left: box.left, count: box.columns, into: &line)
            addBlocks(line, to: &sums, colours: colours, factor: factor)
        }
        let high = last - box.top - row * factor
        for column in 0..<columns {
            let count = high * min(factor, box.columns - column * factor) * depth
            for colour in 0..<3 {
                let sum = sums[column * colours + (colours == 1 ? 0 : colour)]
                mean[3 * column + colour] = UInt16((sum + count / 2) / count)
            }
        }
        small.write(row: row, left: 0, count: columns, from: mean)
    }
    return small
}

private func addBlocks(_ line: [UInt16], to sums: inout [Int], colours: Int, factor: Int) {
    line.withUnsafeBufferPointer { line in
        sums.withUnsafeMutableBufferPointer { sums in
            let width = line.count / colours
            for column in 0..<sums.count / colours {
                for pixel in column * factor..<min(width, (column + 1) * factor) {
                    for colour in 0..<colours {
                        sums[column * colours + colour] += Int(line[pixel * colours + colour])
                    }
                }
            }
        }
    }
}
