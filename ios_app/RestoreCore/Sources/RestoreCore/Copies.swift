/// Golden vectors laid side by side to fill a tile; see `SelfTest`.
struct Copies {
    let golden: Golden
    let tile: Tile
    /// The network's halo in cells.
    let halo: Int

    /// A golden tensor repeated to fill the tile, and cut off at its end; a tensor of fixed shape stays as
    /// it is.
    func sideBySide(_ stored: Stored, _ tensor: Tensor) -> Stored {
        if tensor.shape != nil { return stored }
        switch stored {
        case .int8(let values): return .int8(sideBySide(values, tensor.channels))
        case .uint8(let values): return .uint8(sideBySide(values, tensor.channels))
        case .float32(let values): return .float32(sideBySide(values, tensor.channels))
        }
    }

    /// Largest difference inside the halo between a network's output and the golden one, laid side by side;
    /// as `SelfTest.maxDifference`.
    func maxDifference(_ output: Stored, _ expected: Stored, _ tensor: Tensor) -> Double {
        guard output.dtype == expected.dtype, output.count == expected.count else { return .infinity }
        return SelfTest.maxDifference(inside(output, tensor), inside(expected, tensor))
    }

    private func inside(_ stored: Stored, _ tensor: Tensor) -> Stored {
        if tensor.shape != nil { return stored }
        switch stored {
        case .int8(let values): return .int8(inside(values, tensor.channels))
        case .uint8(let values): return .uint8(inside(values, tensor.channels))
        case .float32(let values): return .float32(inside(values, tensor.channels))
        }
    }

    private func sideBySide<Value>(_ values: [Value], _ channels: Int) -> [Value] {
        var repeated = [Value]()
        repeated.reserveCapacity(tile.rows * tile.columns * channels)
        for row in 0..<tile.rows {
            for column in 0..<tile.columns {
                let cell = row % golden.rows * golden.columns + column % golden.columns
                repeated += values[cell * channels..<(cell + 1) * channels]
            }
        }
        return repeated
    }

    private func inside<Value>(_ values: [Value], _ channels: Int) -> [Value] {
        (halo..<tile.rows - halo).flatMap { row in
            let (first, last) = (row * tile.columns + halo, (row + 1) * tile.columns - halo)
            return values[first * channels..<last * channels]
        }
    }
}
