/// Adds residuals to a photo's pixels, in place.
struct Stitcher {
    private let pixels: any Pixels
    private let tensor: Tensor
    private let stride: Int
    private let gray: Bool
    private let gain: Float
    private let top: Float
    /// The change of each of the 256 stored values, from the smallest on, where each colour has its own
    /// change.
    private let levels: [Float]

    /// `gray`: give all colours the same change.
    init(_ pixels: any Pixels, _ tensor: Tensor, stride: Int, strength: Double, gray: Bool) {
        (self.pixels, self.tensor, self.stride) = (pixels, tensor, stride)
        self.gray = gray || pixels.colours == 1
        let gain = Float(strength * Double(pixels.top))
        (self.gain, top) = (gain, Float(pixels.top))
        let stored: Stored =
            switch tensor.dtype {
            case .int8: .int8(Array(Int8.min...Int8.max))
            case .uint8: .uint8(Array(UInt8.min...UInt8.max))
            case .float32: .float32([])
            }
        levels = real(stored, as: tensor).map { ($0 * gain).rounded(.toNearestOrEven) }
    }

    /// Adds the cells of `keep`, which lie in `tile` at `halo` cells from its upper left corner; the tile's
    /// rows are `columns` cells long.
    func add(_ keep: Box, from tile: Stored, columns: Int, halo: Int) {
        switch tile {
        case .float32(let values):
            add(keep, values, columns, halo, { $0 }, { ($0 * gain).rounded(.toNearestOrEven) })
        case .int8(let values):
            let (scale, zero) = (Float(tensor.scale), Float(tensor.zeroPoint))
            add(keep, values, columns, halo, { (Float($0) - zero) * scale }, { levels[Int($0) + 128] })
        case .uint8(let values):
            let (scale, zero) = (Float(tensor.scale), Float(tensor.zeroPoint))
            add(keep, values, columns, halo, { (Float($0) - zero) * scale }, { levels[Int($0)] })
        }
    }

    @inline(__always)
    private func add<Value>(
        _ keep: Box, _ values: [Value], _ columns: Int, _ halo: Int, _ real: (Value) -> Float,
        _ change: (Value) -> Float
    ) {
        let box = keep.scaled(stride)
        let count = min(box.right, pixels.width) - box.left
        let run = 3 * stride
        var line = [UInt16](repeating: 0, count: count * pixels.colours)
        for y in box.top..<min(box.bottom, pixels.height) {
            let row = y - box.top
            let first = ((halo + row / stride) * columns + halo) * run * stride + row % stride * run
            pixels.read(row: y, left: box.left, count: count, into: &line)
            line.withUnsafeMutableBufferPointer { line in
                values.withUnsafeBufferPointer { values in
                    for pixel in 0..<count {
                        let from =
                            values.baseAddress! + first + pixel / stride * run * stride + pixel % stride * 3
                        if gray {
                            let mean = (real(from[0]) + real(from[1]) + real(from[2])) / 3
                            let added = (mean * gain).rounded(.toNearestOrEven)
                            for place in pixel * pixels.colours..<(pixel + 1) * pixels.colours {
                                line[place] = UInt16(min(top, max(0, added + Float(line[place]))))
                            }
                        } else {
                            for colour in 0..<3 {
                                let place = 3 * pixel + colour
                                line[place] = UInt16(
                                    min(top, max(0, change(from[colour]) + Float(line[place]))))
                            }
                        }
                    }
                }
            }
            pixels.write(row: y, left: box.left, count: count, from: line)
        }
    }
}
