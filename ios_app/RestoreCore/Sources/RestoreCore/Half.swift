/// Conversion between float32 and float16, whose bits are kept in a `UInt16`: Swift's `Float16` does not
/// exist for every machine that this package is built for.
enum Half {
    /// The float32 equal to a float16.
    @inline(__always)
    static func real(_ bits: UInt16) -> Float {
        #if arch(arm64)
            return Float(Float16(bitPattern: bits))
        #else
            return plainReal(bits)
        #endif
    }

    /// The nearest float16, of two the even one; what is too large becomes infinite.
    @inline(__always)
    static func bits(_ value: Float) -> UInt16 {
        #if arch(arm64)
            return Float16(value).bitPattern
        #else
            return plainBits(value)
        #endif
    }

    @inline(__always)
    static func plainReal(_ bits: UInt16) -> Float {
        let sign = UInt32(bits & 0x8000) << 16
        let rest = UInt32(bits & 0x7fff) << 13
        // Infinity and NaN have all bits of the exponent set in either format.
        if rest >= 0x7c00 << 13 { return Float(bitPattern: sign | rest | 0x7f80_0000) }
        // Moves the exponent from float16's bias to float32's, and is exact for subnormal numbers too.
        return Float(bitPattern: sign | (Float(bitPattern: rest) * 0x1p112).bitPattern)
    }

    @inline(__always)
    static func plainBits(_ value: Float) -> UInt16 {
        let sign = UInt16(truncatingIfNeeded: value.bitPattern >> 16) & 0x8000
        let size = value.bitPattern & 0x7fff_ffff
        if size > 0x7f80_0000 { return sign | 0x7e00 }
        // From halfway between the largest float16 and the next power of two on.
        if size >= 0x477f_f000 { return sign | 0x7c00 }
        if size < 0x3880_0000 {
            // Subnormal: this sum's last bit is worth 2^-24, and the addition itself rounds to even.
            let sum = Float(bitPattern: size) + 0.5
            return sign | UInt16(truncatingIfNeeded: sum.bitPattern &- Float(0.5).bitPattern)
        }
        let rounded = size &+ 0xfff &+ ((size >> 13) & 1)
        return sign | UInt16(truncatingIfNeeded: (rounded &- (112 << 23)) >> 13)
    }
}
