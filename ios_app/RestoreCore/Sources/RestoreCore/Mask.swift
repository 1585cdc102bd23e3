/// A set of a picture's pixels, as Booleans row by row.
public struct Mask: Equatable, Sendable {
    public let rows: Int
    public let columns: Int
    /// `rows` x `columns` values.
    public internal(set) var values: [Bool]

    init(rows: Int, columns: Int, values: [Bool]) {
        precondition(values.count == rows * columns)
        (self.rows, self.columns, self.values) = (rows, columns, values)
    }

    /// The mask in `box`, which lies in it.
    func window(_ box: Box) -> Mask {
        let values = (box.top..<box.bottom).flatMap { row in
            self.values[row * columns + box.left..<row * columns + box.right]
        }
        return Mask(rows: box.rows, columns: box.columns, values: values)
    }

    /// Clears the pixels that are set in `part`, whose upper left corner lies at that of `box`.
    mutating func clear(_ part: Mask, in box: Box) {
        for row in 0..<part.rows {
            let first = (box.top + row) * columns + box.left
            for column in 0..<part.columns where part.values[row * part.columns + column] {
                values[first + column] = false
            }
        }
    }
}
