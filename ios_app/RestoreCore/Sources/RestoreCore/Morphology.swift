extension Mask {
    private enum Axis: CaseIterable { case across, down }

    /// The parts into which a square of `side` pixels fits (morphological opening).
    func opened(side: Int) -> Mask {
        var fits = self
        for axis in Axis.allCases {
            fits.pass(axis, backwards: true) { value, run in
                run = value ? run + 1 : 0
                return run >= side
            }
        }
        for axis in Axis.allCases { fits.spread(axis, backwards: false, side - 1) }
        return fits
    }

    /// Grows the set pixels by `pixels` on every side, corners included (dilation).
    mutating func grow(_ pixels: Int) {
        for axis in Axis.allCases {
            spread(axis, backwards: false, pixels)
            spread(axis, backwards: true, pixels)
        }
    }

    /// Sets the `pixels` after each set pixel, in the direction of the pass.
    private mutating func spread(_ axis: Axis, backwards: Bool, _ pixels: Int) {
        pass(axis, backwards: backwards) { value, left in
            left = value ? pixels + 1 : max(0, left - 1)
            return left > 0
        }
    }

    /// Goes along every row or column and replaces each value; `count` is 0 where a line begins, and kept
    /// from a pixel to the next.
    @inline(__always)
    private mutating func pass(
        _ axis: Axis, backwards: Bool, _ replaced: (_ value: Bool, _ count: inout Int) -> Bool
    ) {
        let (rows, columns) = (rows, columns)
        // Columns are traversed side by side, as they lie in memory.
        var counts = [Int](repeating: 0, count: axis == .down ? columns : 1)
        values.withUnsafeMutableBufferPointer { values in
            counts.withUnsafeMutableBufferPointer { counts in
                for index in 0..<rows {
                    let first = (axis == .down && backwards ? rows - 1 - index : index) * columns
                    if axis == .down {
                        for column in 0..<columns {
                            values[first + column] = replaced(values[first + column], &counts[column])
                        }
                    } else {
                        counts[0] = 0
                        for index in 0..<columns {
                            let place = first + (backwards ? columns - 1 - index : index)
                            values[place] = replaced(values[place], &counts[0])
                        }
                    }
                }
            }
        }
    }
}
