import RestoreCore

/// The damage as RGBA pixels of `rows` x `columns`, colours multiplied by alpha: red where the shrunk photo of
/// `height` x `width` pixels is damaged, transparent elsewhere.
func overlay(_ damage: Damage, rows: Int, columns: Int, height: Int, width: Int) -> [UInt8] {
    let mask = damage.shrunk(rows: rows, columns: columns, height: height, width: width)
    var pixels = [UInt8](repeating: 0, count: 4 * rows * columns)
    for (index, isDamaged) in mask.values.enumerated() where isDamaged {
        (pixels[4 * index], pixels[4 * index + 3]) = (255, 255)
    }
    return pixels
}
