/// A `picture` of three colours turned by `turns` times 90 degrees counterclockwise.
func turned(_ picture: ArrayPixels, _ turns: Int) -> ArrayPixels {
    if turns == 0 { return picture }
    let (height, width, samples) = (picture.height, picture.width, picture.samples)
    let (rows, columns) = turns == 2 ? (height, width) : (width, height)
    var values = [UInt16]()
    values.reserveCapacity(samples.count)
    for row in 0..<rows {
        for column in 0..<columns {
            let from: Int =
                switch turns {
                case 1: column * width + width - 1 - row
                case 2: (height - 1 - row) * width + width - 1 - column
                default: (height - 1 - column) * width + row
                }
            values += samples[3 * from..<3 * from + 3]
        }
    }
    return ArrayPixels(height: rows, width: columns, colours: 3, samples: values)
}

/// Points in a picture of `height` x `width`, from those in it turned by `turns` times 90 degrees.
func turnedBack(_ points: [Point], _ turns: Int, height: Int, width: Int) -> [Point] {
    let (right, bottom) = (Double(width - 1), Double(height - 1))
    return points.map { point in
        switch turns {
        case 1: Point(x: right - point.y, y: point.x)
        case 2: Point(x: right - point.x, y: bottom - point.y)
        case 3: Point(x: point.y, y: bottom - point.x)
        default: point
        }
    }
}
