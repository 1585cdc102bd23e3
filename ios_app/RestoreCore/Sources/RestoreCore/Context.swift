/// The context: mean of the intact latents in each square of a `grid` x `grid` raster over `area`, as
/// `tensor` stores it (its scale is the latent's), `grid * grid` tokens of the latent's channels.
///
/// `intact` has a value for each cell of `area`. Squares overlap by a cell where a side is not a multiple
/// of the grid. A square without intact cells gets the mean of all, so that no token has to be masked out.
func pool(_ latent: Plane, _ area: Box, intact: [Bool], grid: Int, as tensor: Tensor) -> Stored {
    var tokens = [[Double]]()
    var overall: [Double]?
    for i in 0..<grid {
        let top = i * area.rows / grid
        let bottom = parts(of: (i + 1) * area.rows, grid)
        for j in 0..<grid {
            let left = j * area.columns / grid
            let right = parts(of: (j + 1) * area.columns, grid)
            var (sums, count) = ([Double](repeating: 0, count: latent.channels), 0)
            for row in top..<bottom {
                count += addIntact(latent, area, intact, row, left, right, to: &sums)
            }
            if count > 0 {
                tokens.append(sums.map { $0 / Double(count) })
            } else {
                let mean = overall ?? meanOfAll(latent, area, intact, zeroPoint: tensor.zeroPoint)
                overall = mean
                tokens.append(mean)
            }
        }
    }
    return stored(tokens.flatMap { $0 }, tensor.dtype)
}

/// Adds up the intact cells of a row of `area`; gives how many they are. Integers stay exact in a `Double`.
private func addIntact(
    _ latent: Plane, _ area: Box, _ intact: [Bool], _ row: Int, _ left: Int, _ right: Int,
    to sums: inout [Double]
) -> Int {
    func add<Value>(_ values: [Value], _ real: (Value) -> Double) -> Int {
        var count = 0
        for column in left..<right where intact[row * area.columns + column] {
            let first = (column - left) * latent.channels
            for channel in 0..<latent.channels { sums[channel] += real(values[first + channel]) }
            count += 1
        }
        return count
    }
    let line = Box(
        top: area.top + row, left: area.left + left, bottom: area.top + row + 1, right: area.left + right)
    switch latent.read(line) {
    case .int8(let values): return add(values) { Double($0) }
    case .uint8(let values): return add(values) { Double($0) }
    case .float32(let values): return add(values) { Double($0) }
    }
}

private func meanOfAll(_ latent: Plane, _ area: Box, _ intact: [Bool], zeroPoint: Int) -> [Double] {
    var (total, count) = ([Double](repeating: 0, count: latent.channels), 0)
    for row in 0..<area.rows {
        var sums = [Double](repeating: 0, count: latent.channels)
        count += addIntact(latent, area, intact, row, 0, area.columns, to: &sums)
        for channel in sums.indices { total[channel] += sums[channel] }
    }
    guard count > 0 else { return [Double](repeating: Double(zeroPoint), count: latent.channels) }
    return total.map { $0 / Double(count) }
}

private func stored(_ tokens: [Double], _ dtype: DataType) -> Stored {
    func level(_ token: Double) -> Double { token.rounded(.toNearestOrEven) }
    switch dtype {
    case .float32: return .float32(tokens.map(Float.init))
    case .int8: return .int8(tokens.map { Int8(min(127, max(-128, level($0)))) })
    case .uint8: return .uint8(tokens.map { UInt8(min(255, max(0, level($0)))) })
    }
}
