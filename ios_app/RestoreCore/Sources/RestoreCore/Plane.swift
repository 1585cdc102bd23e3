/// A latent in stored units, addressed by the photo's cells; its size grows with the photo's.
final class Plane {
    /// The type of a plane's stored values.
    enum Storage {
        case int8, uint8, float16, float32

        var bytes: Int {
            switch self {
            case .int8, .uint8: 1
            case .float16: 2
            case .float32: 4
            }
        }

        /// The storage for an output of the artifact's network. Core ML returns float32, but an output that
        /// was computed in float16 loses nothing if it is kept so, and takes half the memory.
        init(_ tensor: Tensor, of artifact: Artifact) {
            switch tensor.dtype {
            case .int8: self = .int8
            case .uint8: self = .uint8
            case .float32:
                let isHalf = artifact.format == .coreml && artifact.precision != .float32
                self = isHalf ? .float16 : .float32
            }
        }
    }

    let area: Box
    let channels: Int
    let storage: Storage
    private let memory: MappedMemory

    /// A plane that is not yet filled. Throws `memoryBudgetExceeded` if there is no room for it.
    init(area: Box, channels: Int, storage: Storage, mapped: Bool? = nil) throws {
        (self.area, self.channels, self.storage) = (area, channels, storage)
        let bytes = area.rows * area.columns * channels * storage.bytes
        memory = try MappedMemory(bytes: bytes, mapped: mapped)
    }

    /// Sets the cells of `keep`, which lie in `tile` at `halo` cells from its upper left corner; its rows
    /// are `columns` cells long.
    func write(_ keep: Box, from tile: Stored, columns: Int, halo: Int) {
        switch (tile, storage) {
        case (.int8(let values), .int8): write(keep, values, columns, halo) { $0 }
        case (.uint8(let values), .uint8): write(keep, values, columns, halo) { $0 }
        case (.float32(let values), .float32): write(keep, values, columns, halo) { $0 }
        case (.float32(let values), .float16): write(keep, values, columns, halo) { Half.bits($0) }
        default: preconditionFailure("a plane of \(storage) is not written from \(tile.dtype)")
        }
    }

    /// The cells of `box`. Cells beyond the plane are mirrored and affect no result.
    func read(_ box: Box) -> Stored {
        switch storage {
        case .int8: .int8(read(box) { (value: Int8) in value })
        case .uint8: .uint8(read(box) { (value: UInt8) in value })
        case .float32: .float32(read(box) { (value: Float) in value })
        case .float16: .float32(read(box) { (bits: UInt16) in Half.real(bits) })
        }
    }

    @inline(__always)
    private func write<Value, Kept>(
        _ keep: Box, _ values: [Value], _ columns: Int, _ halo: Int, _ kept: (Value) -> Kept
    ) {
        let count = keep.columns * channels
        values.withUnsafeBufferPointer { values in
            for row in 0..<keep.rows {
                let from = values.baseAddress! + ((halo + row) * columns + halo) * channels
                let to = cell(keep.top + row - area.top, keep.left - area.left, Kept.self)
                for index in 0..<count { to[index] = kept(from[index]) }
            }
        }
    }

    @inline(__always)
    private func read<Value, Kept>(_ box: Box, _ value: (Kept) -> Value) -> [Value] {
        let inside = box.moved(down: -area.top, across: -area.left)
        let count = inside.rows * inside.columns * channels
        return [Value](unsafeUninitializedCapacity: count) { values, filled in
            var to = values.baseAddress!
            for row in inside.top..<inside.bottom {
                let line = mirrored(row, area.rows)
                for (first, cells) in spans(inside.left, inside.right) {
                    let from = cell(line, first, Kept.self)
                    for index in 0..<cells * channels { (to + index).initialize(to: value(from[index])) }
                    to += cells * channels
                }
            }
            filled = count
        }
    }

    /// Columns of the plane, cell by cell where they lie beyond it.
    private func spans(_ left: Int, _ right: Int) -> [(first: Int, cells: Int)] {
        let (from, to) = (max(left, 0), min(right, area.columns))
        guard from < to else { return (left..<right).map { (mirrored($0, area.columns), 1) } }
        return (left..<from).map { (mirrored($0, area.columns), 1) } + [(from, to - from)]
            + (to..<right).map { (mirrored($0, area.columns), 1) }
    }

    @inline(__always)
    private func cell<Kept>(_ row: Int, _ column: Int, _: Kept.Type) -> UnsafeMutablePointer<Kept> {
        memory.base.assumingMemoryBound(to: Kept.self) + (row * area.columns + column) * channels
    }
}
