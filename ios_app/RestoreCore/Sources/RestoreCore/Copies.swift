/// A golden vector laid side by side in a larger tile; see `SelfTest`.
struct Copies {
    /// The tile that the golden vector was made for.
    let own: Tile
    let tile: Tile
    /// How far the network looks, in cells.
    let halo: Int

    /// A golden input as often as it fits into the tile, and cut off where the tile ends.
    func sideBySide(_ stored: Stored, channels: Int) -> Stored {
        switch stored {
        case .int8(let values): .int8(sideBySide(values, channels))
        case .uint8(let values): .uint8(sideBySide(values, channels))
        case .float32(let values): .float32(sideBySide(values, channels))
        }
    }

    /// Largest difference in the copies' cells that no other copy reaches, as `SelfTest.maxDifference`.
    func maxDifference(_ output: Stored, _ golden: Stored, channels: Int) -> Double {
        let expected = sideBySide(golden, channels: channels)
        guard output.dtype == expected.dtype, output.count == expected.count else { return .infinity }
        return SelfTest.maxDifference(centres(output, channels), centres(expected, channels))
    }

    private func centres(_ stored: Stored, _ channels: Int) -> Stored {
        switch stored {
        case .int8(let values): .int8(centres(values, channels))
        case .uint8(let values): .uint8(centres(values, channels))
        case .float32(let values): .float32(centres(values, channels))
        }
    }

    private func sideBySide<Value>(_ values: [Value], _ channels: Int) -> [Value] {
        var repeated = [Value]()
        repeated.reserveCapacity(tile.rows * tile.columns * channels)
        for row in 0..<tile.rows {
            for column in 0..<tile.columns {
                let cell = row % own.rows * own.columns + column % own.columns
                repeated += values[cell * channels..<(cell + 1) * channels]
            }
        }
        return repeated
    }

    private func centres<Value>(_ values: [Value], _ channels: Int) -> [Value] {
        var kept = [Value]()
        for row in 0..<tile.rows / own.rows * own.rows where isCentre(row % own.rows, of: own.rows) {
            for column in 0..<tile.columns / own.columns * own.columns
            where isCentre(column % own.columns, of: own.columns) {
                let cell = row * tile.columns + column
                kept += values[cell * channels..<(cell + 1) * channels]
            }
        }
        return kept
    }

    private func isCentre(_ place: Int, of length: Int) -> Bool {
        place >= halo && place < length - halo
    }
}
