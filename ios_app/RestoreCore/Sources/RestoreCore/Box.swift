/// A rectangle of cells or pixels; `bottom` and `right` lie outside.
public struct Box: Hashable, Sendable {
    public internal(set) var top: Int
    public internal(set) var left: Int
    public internal(set) var bottom: Int
    public internal(set) var right: Int

    var rows: Int { bottom - top }
    var columns: Int { right - left }

    /// The box with `margin` more on every side.
    func grown(_ margin: Int) -> Box {
        Box(top: top - margin, left: left - margin, bottom: bottom + margin, right: right + margin)
    }

    /// The box shifted by `down` and `across`.
    func moved(down: Int, across: Int) -> Box {
        Box(top: top + down, left: left + across, bottom: bottom + down, right: right + across)
    }

    /// The same box in units `factor` times smaller.
    func scaled(_ factor: Int) -> Box {
        Box(top: top * factor, left: left * factor, bottom: bottom * factor, right: right * factor)
    }

    func meets(_ other: Box) -> Bool {
        top < other.bottom && other.top < bottom && left < other.right && other.left < right
    }
}

/// Rows and columns of a tile in cells, halo included.
struct TileSize: Hashable, Sendable {
    let rows: Int
    let columns: Int
}

/// `length / step`, rounded up.
func parts(of length: Int, _ step: Int) -> Int { (length + step - 1) / step }

/// `value / divisor`, rounded down; the divisor is above 0.
func floored(_ value: Int, _ divisor: Int) -> Int {
    value >= 0 ? value / divisor : -((divisor - 1 - value) / divisor)
}

/// The place of `index` on an axis of `length` that is reflected at both ends as often as needed. The
/// border itself is repeated (...1 0 | 0 1 2...), so that one pixel is enough.
func mirrored(_ index: Int, _ length: Int) -> Int {
    let turn = index % (2 * length)
    let place = turn < 0 ? turn + 2 * length : turn
    return place < length ? place : 2 * length - 1 - place
}
