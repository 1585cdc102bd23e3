/// A tile's position and size.
struct Placement: Equatable {
    /// The valid cells that this tile writes: from its upper left corner inside the halo.
    let keep: Box
    /// Index into the offered sizes.
    let size: Int
}

/// Covers `area` exactly with tiles of `sizes` at least cost, which is the number of cells computed.
///
/// A block of equal tiles is laid from the upper left corner, then the strip to its right and the strip
/// below are covered in the same way. Throws `invalidManifest` if a size is all halo.
func plan(_ area: Box, sizes: [TileSize], halo: Int) throws -> [Placement] {
    var planner = try Planner(sizes: sizes, halo: halo)
    var placements = [Placement]()
    planner.lay(area, into: &placements)
    return placements
}

/// The window that a tile with valid cells `keep` reads: its full size, halo included.
func window(_ keep: Box, size: TileSize, halo: Int) -> Box {
    let (top, left) = (keep.top - halo, keep.left - halo)
    return Box(top: top, left: left, bottom: top + size.rows, right: left + size.columns)
}

private struct Planner {
    private struct Block {
        let cost: Int
        let size: Int
        let down: Int
        let across: Int
    }

    private let sizes: [TileSize]
    private let valid: [TileSize]
    private var known = [TileSize: Block]()

    init(sizes: [TileSize], halo: Int) throws {
        self.sizes = sizes
        valid = sizes.map { TileSize(rows: $0.rows - 2 * halo, columns: $0.columns - 2 * halo) }
        guard !valid.isEmpty, valid.allSatisfy({ $0.rows > 0 && $0.columns > 0 }) else {
            throw HeirloomError(.invalidManifest, "A tile of the bundle is all halo (\(halo) cells).")
        }
    }

    /// The first block of the cheapest cover, and the cover's cost.
    private mutating func best(_ rows: Int, _ columns: Int) -> Block? {
        guard rows > 0, columns > 0 else { return nil }
        let asked = TileSize(rows: rows, columns: columns)
        if let block = known[asked] { return block }
        var found: Block?
        for (index, tile) in valid.enumerated() {
            for down in Self.counts(rows, tile.rows) {
                for across in Self.counts(columns, tile.columns) {
                    var cost = down * across * sizes[index].rows * sizes[index].columns
                    cost += best(rows, columns - across * tile.columns)?.cost ?? 0
                    cost += best(rows - down * tile.rows, min(columns, across * tile.columns))?.cost ?? 0
                    if found == nil || cost < found!.cost {
                        found = Block(cost: cost, size: index, down: down, across: across)
                    }
                }
            }
        }
        known[asked] = found
        return found
    }

    mutating func lay(_ box: Box, into placements: inout [Placement]) {
        guard let block = best(box.rows, box.columns) else { return }
        let tile = valid[block.size]
        let bottom = min(box.bottom, box.top + block.down * tile.rows)
        let right = min(box.right, box.left + block.across * tile.columns)
        for top in stride(from: box.top, to: bottom, by: tile.rows) {
            for left in stride(from: box.left, to: right, by: tile.columns) {
                let keep = Box(
                    top: top, left: left, bottom: min(bottom, top + tile.rows),
                    right: min(right, left + tile.columns))
                placements.append(Placement(keep: keep, size: block.size))
            }
        }
        lay(Box(top: box.top, left: right, bottom: box.bottom, right: box.right), into: &placements)
        lay(Box(top: bottom, left: box.left, bottom: box.bottom, right: right), into: &placements)
    }

    /// Possible numbers of tiles along a block's side: as many as fit, or one more that overhangs.
    private static func counts(_ length: Int, _ valid: Int) -> [Int] {
        let fitting = max(1, length / valid)
        let covering = parts(of: length, valid)
        return fitting == covering ? [fitting] : [fitting, covering]
    }
}
