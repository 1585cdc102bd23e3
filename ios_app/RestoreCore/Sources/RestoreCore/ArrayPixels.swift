/// Pixels in memory of their own, without alpha: 8 or 16 bits, gray or colour.
public final class ArrayPixels: Pixels {
    public let height: Int
    public let width: Int
    public let colours: Int
    public let top: Int
    public var bytes: Int { height * raster.bytesPerRow }
    private let raster: RasterMemory

    /// Black pixels; `colours` is 1 or 3, `top` 255 or 65535, and both sides are at least 1.
    public init(height: Int, width: Int, colours: Int, top: Int = 255) {
        precondition(height > 0 && width > 0 && (colours == 1 || colours == 3))
        precondition(top == 255 || top == 65535)
        (self.height, self.width, self.colours, self.top) = (height, width, colours, top)
        let bytesPerRow = width * colours * (top == 255 ? 1 : 2)
        let base = UnsafeMutableRawPointer.allocate(byteCount: height * bytesPerRow, alignment: 16)
        base.initializeMemory(as: UInt8.self, repeating: 0, count: height * bytesPerRow)
        raster = RasterMemory(
            base: base, bytesPerRow: bytesPerRow, step: colours, colours: colours,
            sixteenBits: top != 255, reversed: false)
    }

    /// Pixels with these `samples`, row by row, each pixel's interleaved.
    public convenience init(height: Int, width: Int, colours: Int, top: Int = 255, samples: [UInt16]) {
        precondition(samples.count == height * width * colours)
        self.init(height: height, width: width, colours: colours, top: top)
        samples.withUnsafeBufferPointer { all in
            for row in 0..<height {
                write(row: row, left: 0, count: width, from: all.baseAddress! + row * width * colours)
            }
        }
    }

    /// A gray photo in three equal colours, which can be restored in colour.
    public convenience init(inColour gray: any Pixels) {
        precondition(gray.colours == 1)
        self.init(height: gray.height, width: gray.width, colours: 3, top: gray.top)
        var line = [UInt16](repeating: 0, count: gray.width)
        for row in 0..<gray.height {
            gray.read(row: row, left: 0, count: gray.width, into: &line)
            write(row: row, left: 0, count: gray.width, from: line.flatMap { [$0, $0, $0] })
        }
    }

    deinit { raster.base.deallocate() }

    /// All samples, row by row, each pixel's interleaved: a copy.
    public var samples: [UInt16] {
        let line = width * colours
        return [UInt16](unsafeUninitializedCapacity: height * line) { all, count in
            for row in 0..<height {
                read(row: row, left: 0, count: width, into: all.baseAddress! + row * line)
            }
            count = height * line
        }
    }

    public func read(row: Int, left: Int, count: Int, into samples: UnsafeMutablePointer<UInt16>) {
        raster.read(row: row, left: left, count: count, into: samples)
    }

    public func write(row: Int, left: Int, count: Int, from samples: UnsafePointer<UInt16>) {
        raster.write(row: row, left: left, count: count, from: samples)
    }
}
