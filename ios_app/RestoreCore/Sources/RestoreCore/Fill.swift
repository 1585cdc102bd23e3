/// Fills the damaged pixels of a photo in place by a weighted pyramid of the intact ones (push-pull);
/// `strength`, 0...1, blends them in. A photo without any intact pixel stays as it is.
///
/// Down: each level holds the weighted mean of every 2x2 block, until a level has no gap; a block counts
/// fully once half of it is known. Up: the missing weight of a level is interpolated from the next coarser
/// one. Integer arithmetic only, so that every platform gets the same levels; intact pixels are never
/// written.
///
/// Throws, before anything is overwritten, `memoryBudgetExceeded` if there is no room for the levels, which
/// take four ninths of an 8-bit photo, and `CancellationError` between rows.
func pushPull(_ pixels: any Pixels, _ damage: Damage, strength: Double) throws {
    guard damage.mask.values.contains(false) else { return }
    var levels = [try Level(halved: pixels, damage)]
    while let last = levels.last, last.hasGaps, last.rows * last.columns > 1 {
        levels.append(try Level(coarser: last))
    }
    for (level, coarser) in zip(levels.dropLast(), levels.dropFirst()).reversed() {
        level.fillGaps(from: coarser)
    }
    try write(levels[0], into: pixels, damage, strength)
}

/// Overwrites the damaged pixels with the first level, interpolated.
private func write(_ level: Level, into pixels: any Pixels, _ damage: Damage, _ strength: Double) throws {
    let colours = pixels.colours
    let depth = pixels.top == 255 ? 1 : 257
    var line = [UInt16](repeating: 0, count: pixels.width * colours)
    var damaged = [Bool](repeating: false, count: pixels.width)
    for row in 0..<pixels.height {
        try Task.checkCancellation()
        damage.read(row: row, into: &damaged)
        guard damaged.contains(true) else { continue }
        pixels.read(row: row, left: 0, count: pixels.width, into: &line)
        for column in 0..<pixels.width where damaged[column] {
            level.interpolate(row, column) { colour, sum in
                let (place, filled) = (column * colours + colour, (sum * depth + 8) >> 4)
                let change = Double(filled - Int(line[place]))
                let blended = Int(line[place]) + Int((strength * change).rounded(.toNearestOrEven))
                line[place] = UInt16(strength < 1 ? blended : filled)
            }
        }
        pixels.write(row: row, left: 0, count: pixels.width, from: line)
    }
}

/// A level of the fill's pyramid: values of 8 bits, and their weights.
private final class Level {
    let rows: Int
    let columns: Int
    /// Whether some value is not fully known.
    private(set) var hasGaps = false
    private let colours: Int
    private let values: MappedMemory
    private let weights: MappedMemory

    /// The weight of a fully known value.
    private static let full = 128

    private init(rows: Int, columns: Int, colours: Int) throws {
        (self.rows, self.columns, self.colours) = (rows, columns, colours)
        values = try MappedMemory(bytes: rows * columns * colours)
        weights = try MappedMemory(bytes: rows * columns)
    }

    /// The photo halved; of the photo itself only two rows are held.
    convenience init(halved pixels: any Pixels, _ damage: Damage) throws {
        let (width, colours) = (pixels.width, pixels.colours)
        try self.init(
            rows: parts(of: pixels.height, 2), columns: parts(of: width, 2), colours: colours)
        var line = [UInt16](repeating: 0, count: width * colours)
        var damaged = [Bool](repeating: false, count: width)
        var seen = [UInt8](repeating: 0, count: 2 * width * colours)
        var known = [UInt8](repeating: 0, count: 2 * width)
        for row in 0..<rows {
            try Task.checkCancellation()
            let count = min(2, pixels.height - 2 * row)
            for offset in 0..<count {
                pixels.readEightBit(row: 2 * row + offset, left: 0, count: width, into: &line)
                damage.read(row: 2 * row + offset, into: &damaged)
                for place in line.indices { seen[offset * line.count + place] = UInt8(line[place]) }
                for column in 0..<width {
                    known[offset * width + column] = damaged[column] ? 0 : UInt8(Self.full)
                }
            }
            set(row, fromRows: count, of: width, seen, known)
        }
    }

    /// The weighted mean of each 2x2 block, rounded; blocks at the border may be partial.
    convenience init(coarser finer: Level) throws {
        try self.init(
            rows: parts(of: finer.rows, 2), columns: parts(of: finer.columns, 2), colours: finer.colours)
        let length = finer.columns
        for row in 0..<rows {
            set(
                row, fromRows: min(2, finer.rows - 2 * row), of: length,
                finer.bytes(finer.values) + 2 * row * length * colours,
                finer.bytes(finer.weights) + 2 * row * length)
        }
    }

    /// Interpolates the values that are not fully known.
    func fillGaps(from coarser: Level) {
        let (values, weights) = (bytes(values), bytes(weights))
        for row in 0..<rows {
            for column in 0..<columns {
                let known = Int(weights[row * columns + column])
                guard known < Self.full else { continue }
                let first = (row * columns + column) * colours
                coarser.interpolate(row, column) { colour, sum in
                    let sums = 16 * known * Int(values[first + colour]) + (Self.full - known) * sum
                    values[first + colour] = UInt8((sums + 8 * Self.full) / (16 * Self.full))
                }
            }
        }
    }

    /// Gives sixteen times each colour's bilinear value at a place of the finer level.
    ///
    /// A fine pixel lies a quarter of a coarse one from its middle: weights 3/4 and 1/4 along each axis.
    @inline(__always)
    func interpolate(_ row: Int, _ column: Int, _ take: (_ colour: Int, _ sum: Int) -> Void) {
        let (near, beside) = (row >> 1, column >> 1)
        let far = min(rows - 1, max(0, near + 2 * (row & 1) - 1))
        let away = min(columns - 1, max(0, beside + 2 * (column & 1) - 1))
        let values = bytes(values)
        for colour in 0..<colours {
            func at(_ row: Int, _ column: Int) -> Int {
                Int(values[(row * columns + column) * colours + colour])
            }
            take(colour, 9 * at(near, beside) + 3 * (at(far, beside) + at(near, away)) + at(far, away))
        }
    }

    /// Sets a row from one or two finer ones of `length` values each.
    private func set(
        _ row: Int, fromRows count: Int, of length: Int, _ finer: UnsafePointer<UInt8>,
        _ known: UnsafePointer<UInt8>
    ) {
        let (values, weights) = (bytes(values), bytes(weights))
        for column in 0..<columns {
            let across = 2 * column..<min(length, 2 * column + 2)
            var total = 0
            for y in 0..<count {
                for x in across { total += Int(known[y * length + x]) }
            }
            let weight = min((total + 1) / 2, Self.full)
            weights[row * columns + column] = UInt8(weight)
            if weight < Self.full { hasGaps = true }
            let divisor = max(1, total)
            for colour in 0..<colours {
                var sum = 0
                for y in 0..<count {
                    for x in across {
                        sum += Int(finer[(y * length + x) * colours + colour]) * Int(known[y * length + x])
                    }
                }
                values[(row * columns + column) * colours + colour] = UInt8((sum + divisor / 2) / divisor)
            }
        }
    }

    private func bytes(_ memory: MappedMemory) -> UnsafeMutablePointer<UInt8> {
        memory.base.assumingMemoryBound(to: UInt8.self)
    }
}
