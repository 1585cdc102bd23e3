/// Rows of pixels in memory, shared by the implementations of `Pixels`.
struct RasterMemory {
    let base: UnsafeMutableRawPointer
    let bytesPerRow: Int
    /// Samples from a pixel to the next.
    let step: Int
    let colours: Int
    let sixteenBits: Bool
    /// Whether blue comes first in memory.
    let reversed: Bool

    func read(row: Int, left: Int, count: Int, into samples: UnsafeMutablePointer<UInt16>) {
        if sixteenBits {
            read(line(row, left, UInt16.self), count, samples)
        } else {
            read(line(row, left, UInt8.self), count, samples)
        }
    }

    func write(row: Int, left: Int, count: Int, from samples: UnsafePointer<UInt16>) {
        if sixteenBits {
            write(line(row, left, UInt16.self), count, samples)
        } else {
            write(line(row, left, UInt8.self), count, samples)
        }
    }

    private func line<Sample>(_ row: Int, _ left: Int, _: Sample.Type) -> UnsafeMutablePointer<Sample> {
        (base + row * bytesPerRow).assumingMemoryBound(to: Sample.self) + left * step
    }

    private func read<Sample: FixedWidthInteger>(
        _ line: UnsafeMutablePointer<Sample>, _ count: Int, _ samples: UnsafeMutablePointer<UInt16>
    ) {
        if colours == step && !reversed {
            for index in 0..<count * step { samples[index] = UInt16(truncatingIfNeeded: line[index]) }
            return
        }
        let first = reversed ? 2 : 0
        for pixel in 0..<count {
            let (from, to) = (line + pixel * step, samples + pixel * 3)
            to[0] = UInt16(truncatingIfNeeded: from[first])
            to[1] = UInt16(truncatingIfNeeded: from[1])
            to[2] = UInt16(truncatingIfNeeded: from[2 - first])
        }
    }

    private func write<Sample: FixedWidthInteger>(
        _ line: UnsafeMutablePointer<Sample>, _ count: Int, _ samples: UnsafePointer<UInt16>
    ) {
        if colours == step && !reversed {
            for index in 0..<count * step { line[index] = Sample(truncatingIfNeeded: samples[index]) }
            return
        }
        let first = reversed ? 2 : 0
        for pixel in 0..<count {
            let (from, to) = (samples + pixel * 3, line + pixel * step)
            to[first] = Sample(truncatingIfNeeded: from[0])
            to[1] = Sample(truncatingIfNeeded: from[1])
            to[2 - first] = Sample(truncatingIfNeeded: from[2])
        }
    }
}
