/// A tensor in stored units, row-major.
public enum Stored: Equatable, Sendable {
    case int8([Int8])
    case uint8([UInt8])
    case float32([Float])

    /// Number of values.
    public var count: Int {
        switch self {
        case .int8(let values): values.count
        case .uint8(let values): values.count
        case .float32(let values): values.count
        }
    }

    /// The type of the stored values.
    public var dtype: DataType {
        switch self {
        case .int8: .int8
        case .uint8: .uint8
        case .float32: .float32
        }
    }

    var isFinite: Bool {
        guard case .float32(let values) = self else { return true }
        return values.allSatisfy(\.isFinite)
    }
}

/// Real values as the tensor stores them.
func store(_ values: [Double], as tensor: Tensor) -> Stored {
    func levels<Level: FixedWidthInteger>(_: Level.Type) -> [Level] {
        values.map { value in
            let stored = (value / tensor.scale).rounded(.toNearestOrEven) + Double(tensor.zeroPoint)
            return Level(min(Double(Level.max), max(Double(Level.min), stored)))
        }
    }
    switch tensor.dtype {
    case .float32: return .float32(values.map(Float.init))
    case .int8: return .int8(levels(Int8.self))
    case .uint8: return .uint8(levels(UInt8.self))
    }
}

/// The 256 levels of a photo's sample as the tensor stores them.
func storedLevels(as tensor: Tensor) -> Stored {
    store((0..<256).map { Double($0) / 255 }, as: tensor)
}

/// Stored values as real ones.
func real(_ stored: Stored, as tensor: Tensor) -> [Float] {
    let (scale, zero) = (Float(tensor.scale), Float(tensor.zeroPoint))
    switch stored {
    case .float32(let values): return values
    case .int8(let values): return values.map { (Float($0) - zero) * scale }
    case .uint8(let values): return values.map { (Float($0) - zero) * scale }
    }
}
