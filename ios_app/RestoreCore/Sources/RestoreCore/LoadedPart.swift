/// One part in one format and precision, ready to run.
struct LoadedPart: Sendable {
    let name: PartName
    let part: Part
    let artifact: Artifact
    /// The artifact's tiles that the memory budget allows.
    let offered: [Tile]
    let runner: any PartRunner

    /// `maxCells` leaves out tiles that are larger, but never all of them.
    init(_ name: PartName, _ part: Part, _ artifact: Artifact, _ runner: any PartRunner, maxCells: Int?) {
        (self.name, self.part, self.artifact, self.runner) = (name, part, artifact, runner)
        let areas = artifact.tiles.map { $0.rows * $0.columns }
        let largest = max(areas.min() ?? 0, maxCells ?? .max)
        offered = artifact.tiles.filter { $0.rows * $0.columns <= largest }
    }

    /// Offered tile sizes in cells, halo included.
    var sizes: [TileSize] { offered.map { TileSize(rows: $0.rows, columns: $0.columns) } }

    /// The input of that role, which the manifest's check guarantees.
    func input(_ role: Role) -> Tensor { artifact.inputs.first { $0.role == role }! }

    var output: Tensor { artifact.outputs[0] }

    /// The cheapest tiles for `area`.
    func cover(_ area: Box) throws -> [Placement] { try plan(area, sizes: sizes, halo: part.halo) }

    /// The window that a tile reads.
    func reads(_ placement: Placement) -> Box {
        window(placement.keep, size: sizes[placement.size], halo: part.halo)
    }

    /// Multiply-accumulates of a tile, halo included.
    func cost(_ placement: Placement) -> Double {
        let tile = offered[placement.size]
        return Double(max(1, part.macsPerCell)) * Double(tile.rows * tile.columns)
    }

    /// The whole output of a tile of the offered `size`, halo included.
    ///
    /// Throws `CancellationError` before the network runs, the runner's errors, and `networkFailed` if
    /// the output is not finite, or not of the kind and size that the manifest announces.
    func run(_ size: Int, _ inputs: [Stored]) async throws -> Stored {
        try Task.checkCancellation()
        let tile = offered[size]
        let output = try await runner.run(part: name, artifact: artifact, tile: tile, inputs: inputs)
        guard output.dtype == self.output.dtype, output.count == self.output.count(tile) else {
            throw HeirloomError(
                .networkFailed,
                "The \(name.rawValue) network returned \(output.count) values of \(output.dtype.rawValue) "
                    + "instead of \(self.output.count(tile)) of \(self.output.dtype.rawValue).")
        }
        guard output.isFinite else {
            throw HeirloomError(
                .networkFailed,
                "The \(name.rawValue) network returned values that are not finite: use another precision.")
        }
        return output
    }
}

/// A part's real output for every cell of a picture: `rows` x `columns` cells of its output's channels.
struct PartMap {
    let rows: Int
    let columns: Int
    let channels: Int
    let values: [Float]

    /// Runs `part` over `picture`. Throws as `LoadedPart.run`.
    init(_ part: LoadedPart, of picture: ArrayPixels) async throws {
        let stride = part.part.stride
        rows = parts(of: picture.height, stride)
        columns = parts(of: picture.width, stride)
        channels = part.output.channels
        let levels = storedLevels(as: part.artifact.inputs[0])
        var all = [Float](repeating: 0, count: rows * columns * channels)
        for placement in try part.cover(Box(top: 0, left: 0, bottom: rows, right: columns)) {
            let input = cells(of: [picture], part.reads(placement), stride: stride, levels: levels)
            let output = real(try await part.run(placement.size, [input]), as: part.output)
            let (keep, wide) = (placement.keep, part.sizes[placement.size].columns)
            for row in 0..<keep.rows {
                let from = ((part.part.halo + row) * wide + part.part.halo) * channels
                let to = ((keep.top + row) * columns + keep.left) * channels
                let count = keep.columns * channels
                all.replaceSubrange(to..<to + count, with: output[from..<from + count])
            }
        }
        values = all
    }

    /// A map of given values, for tests.
    init(rows: Int, columns: Int, channels: Int, values: [Float]) {
        (self.rows, self.columns, self.channels, self.values) = (rows, columns, channels, values)
    }
}
