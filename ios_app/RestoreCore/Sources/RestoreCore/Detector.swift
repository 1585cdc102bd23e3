// Damage detection: the detector runs over an image pyramid, and a rule makes a mask of its probabilities.
//
// A crack of three pixels shows at full size, a torn corner only where the whole photo fits into the
// network's view; so the probabilities of all sizes are merged by their maximum. Intact areas must not be
// filled: thick regions count only where they look like bare paper, and inside faces only thin cracks.

/// The box of a face in a picture, in pixels; may reach beyond the picture.
struct FaceArea {
    let left: Int
    let top: Int
    let width: Int
    let height: Int

    init(_ sides: [Int]) { (left, top, width, height) = (sides[0], sides[1], sides[2], sides[3]) }

    /// The box in a picture `factor` times smaller.
    init(_ box: FaceBox, factor: Int) {
        // A face's box may lie anywhere: coordinates far beyond the photo must still fit an `Int`.
        func whole(_ length: Double) -> Int { Int(min(1e9, max(-1e9, length))) }
        self.init([box.left, box.top, box.width, box.height].map { floored(whole($0), factor) })
    }

    /// The part that lies in a picture of `rows` x `columns` pixels.
    func box(rows: Int, columns: Int) -> Box {
        Box(
            top: min(rows, max(0, top)), left: min(columns, max(0, left)),
            bottom: min(rows, max(0, top + height)), right: min(columns, max(0, left + width)))
    }
}

/// Damage probability of each pixel of `picture`: a level of 0...255 for 0...1.
///
/// The detector runs over the picture and its halves down to the rule's smallest side; `progress` is called
/// after each tile with the share done, 0...1. Throws as `LoadedPart.run`.
func damageLevels(
    _ part: LoadedPart, _ picture: any Pixels, _ rule: Detection, progress: (Double) -> Void = { _ in }
) async throws -> [UInt8] {
    let total = try detectionCost(part, height: picture.height, width: picture.width, rule)
    var spent = 0.0
    var levels = [UInt8](repeating: 0, count: picture.height * picture.width)
    var half = picture
    for halvings in sizes(height: picture.height, width: picture.width, rule).indices {
        if halvings > 0 { half = shrink(half, 2) }
        try await merge(part, half, into: &levels, columns: picture.width, 1 << halvings) {
            spent += $0
            progress(min(1, spent / total))
        }
    }
    return levels
}

/// Multiply-accumulates of `damageLevels` for a picture of `height` x `width` pixels.
func detectionCost(_ part: LoadedPart, height: Int, width: Int, _ rule: Detection) throws -> Double {
    let stride = part.part.stride
    return try sizes(height: height, width: width, rule).reduce(0) { total, size in
        let area = Box(
            top: 0, left: 0, bottom: parts(of: size.rows, stride), right: parts(of: size.columns, stride))
        return try part.cover(area).reduce(total) { $0 + part.cost($1) }
    }
}

/// Sizes in pixels of a picture, and of the halves over which the detector runs.
private func sizes(height: Int, width: Int, _ rule: Detection) -> [TileSize] {
    var sizes = [TileSize(rows: height, columns: width)]
    while let last = sizes.last, max(last.rows, last.columns) / 2 >= rule.smallestSide {
        sizes.append(TileSize(rows: parts(of: last.rows, 2), columns: parts(of: last.columns, 2)))
    }
    return sizes
}

/// Merges the detector's levels of `picture`, `factor` times smaller, into `levels`, by maximum; `ran` is
/// called with the cost of each tile.
private func merge(
    _ part: LoadedPart, _ picture: any Pixels, into levels: inout [UInt8], columns: Int, _ factor: Int,
    ran: (Double) -> Void
) async throws {
    let stride = part.part.stride
    let table = storedLevels(as: part.artifact.inputs[0])
    let area = Box(
        top: 0, left: 0, bottom: parts(of: picture.height, stride), right: parts(of: picture.width, stride))
    for placement in try part.cover(area) {
        let reads = part.reads(placement)
        let input = cells(of: [picture], reads, stride: stride, levels: table)
        let output = try await part.run(placement.size, [input])
        let found = Found(
            probability: real(output, as: part.output), columns: reads.columns, halo: part.part.halo,
            stride: stride, channels: part.output.channels)
        found.raise(&levels, columns: columns, placement.keep, factor)
        ran(part.cost(placement))
    }
}

/// The detector's output for a tile's pixels.
private struct Found {
    let probability: [Float]
    /// Cells in a row of the tile, and the cells of halo on each side.
    let columns: Int
    let halo: Int
    let stride: Int
    let channels: Int

    /// Merges the levels of the pixels in the cells of `keep` into `levels`, by maximum.
    func raise(_ levels: inout [UInt8], columns: Int, _ keep: Box, _ factor: Int) {
        let box = keep.scaled(stride * factor)
        let (bottom, right) = (min(box.bottom, levels.count / columns), min(box.right, columns))
        var line = [UInt8](repeating: 0, count: keep.columns * stride)
        for (row, top) in Swift.stride(from: box.top, to: bottom, by: factor).enumerated() {
            read(row, into: &line)
            for y in top..<min(bottom, top + factor) {
                var (x, place) = (box.left, 0)
                while x < right {
                    for x in x..<min(right, x + factor) {
                        levels[y * columns + x] = max(levels[y * columns + x], line[place])
                    }
                    (x, place) = (x + factor, place + 1)
                }
            }
        }
    }

    /// The levels of a row of pixels, from the first one inside the halo on.
    private func read(_ row: Int, into line: inout [UInt8]) {
        let colours = channels / (stride * stride)
        let first = ((halo + row / stride) * columns + halo) * channels + row % stride * stride * colours
        for place in line.indices {
            let value = probability[first + place / stride * channels + place % stride * colours]
            line[place] = UInt8(min(255, max(0, value * 256)))
        }
    }
}

/// The damage mask, from the merged `levels` of `picture`; its faces are looked for where anything may count.
func damageMask(
    _ levels: [UInt8], _ picture: any Pixels, _ findFaces: () async throws -> [FaceArea], _ rule: Detection
) async rethrows -> Mask {
    let (rows, columns) = (picture.height, picture.width)
    var mask = hysteresis(
        levels, rows: rows, columns: columns, high: rule.high, low: rule.low, large: rule.large)
    dropThick(&mask, levels, picture, rule)
    if mask.values.count(where: { $0 }) * rule.thinFrom >= max(1, mask.values.count) {
        // Where much is surely damaged, what is likely is damage more often than not.
        let thin = hysteresis(levels, rows: rows, columns: columns, high: rule.thinHigh, low: rule.thinLow)
        let thick = thin.opened(side: thickness(thin, rule.thin))
        for place in mask.values.indices where thin.values[place] && !thick.values[place] {
            mask.values[place] = true
        }
    }
    guard mask.values.contains(true) else { return mask }
    // Every face is judged on the mask as it was before any was cleared: where two overlap, their order
    // must not count.
    let faces = try await findFaces()
    let boxes = faces.map { $0.box(rows: rows, columns: columns) }
    let thick = zip(faces, boxes).map { face, box in
        mask.window(box).opened(side: max(1, face.width / rule.faceThick))
    }
    for (part, box) in zip(thick, boxes) { mask.clear(part, in: box) }
    mask.grow(rule.grow)
    return mask
}

/// The regions of at least `low` that reach `high` somewhere, or hold one pixel in `large`.
private func hysteresis(
    _ levels: [UInt8], rows: Int, columns: Int, high: Int, low: Int, large: Int = 0
) -> Mask {
    var mask = Mask(
        rows: rows, columns: columns, values: [Bool](repeating: false, count: rows * columns))
    let regions = Regions(levels, columns: columns) { Int($0) >= low }
    let counts = zip(regions.maxima(levels), regions.areas).map { surest, area in
        surest >= high || area * large >= max(1, rows * columns)
    }
    regions.set(&mask, to: true, where: counts)
    return mask
}

/// The side of the square that fits into what is thick: the shorter side of `mask` divided by `part`.
private func thickness(_ mask: Mask, _ part: Int) -> Int { max(2, min(mask.rows, mask.columns) / part) }

/// Clears the thick regions of `mask` that are not certain or not flat.
private func dropThick(_ mask: inout Mask, _ levels: [UInt8], _ picture: any Pixels, _ rule: Detection) {
    let parts = mask.opened(side: thickness(mask, rule.thick))
    let thick = Regions(parts.values, columns: mask.columns) { $0 }
    guard thick.count > 0 else { return }
    let light = Hue.lightness(of: picture)
    let (areas, sums) = (thick.areas, thick.sums(levels))
    let (lights, squares) = (thick.sums(light), thick.sumsOfSquares(light))
    let spread = 256 * rule.thickSpread
    let dropped = areas.indices.map { region in
        // Mean and variance in 256ths and their squares: integers, so that every platform decides alike.
        let mean = 256 * lights[region] / areas[region]
        let variance = 65536 * squares[region] / areas[region] - mean * mean
        let isSure = sums[region] >= rule.thickMean * areas[region]
        return !isSure || variance > spread * spread
    }
    thick.set(&mask, to: false, where: dropped)
}
