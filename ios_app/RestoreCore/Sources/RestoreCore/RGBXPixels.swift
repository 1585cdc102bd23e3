/// Colour pixels of four samples each in someone else's memory: a bitmap context's or a pixel buffer's,
/// used in place. The fourth sample (alpha, or nothing) is never touched.
public final class RGBXPixels: Pixels {
    /// The order of a pixel's samples in memory.
    public enum Order: Sendable {
        /// Red, green, blue and the fourth.
        case rgbx
        /// Blue, green, red and the fourth.
        case bgrx
    }

    public let height: Int
    public let width: Int
    public let colours = 3
    public let top: Int
    public var bytes: Int { height * raster.bytesPerRow }
    private let raster: RasterMemory
    private let owner: AnyObject?

    /// Pixels in `memory`, whose rows begin `bytesPerRow` bytes apart. `top` is 255 for bytes and 65535
    /// for 16-bit samples in the machine's byte order. The memory must live as long as these pixels;
    /// `owner`, if given, is kept alive with them.
    public init(
        memory: UnsafeMutableRawBufferPointer, height: Int, width: Int, bytesPerRow: Int,
        top: Int = 255, order: Order = .rgbx, owner: AnyObject? = nil
    ) {
        precondition(height > 0 && width > 0 && (top == 255 || top == 65535))
        let pixelBytes = top == 255 ? 4 : 8
        precondition(bytesPerRow >= width * pixelBytes)
        precondition(memory.count >= (height - 1) * bytesPerRow + width * pixelBytes)
        (self.height, self.width, self.top, self.owner) = (height, width, top, owner)
        raster = RasterMemory(
            base: memory.baseAddress!, bytesPerRow: bytesPerRow, step: 4, colours: 3,
            sixteenBits: top != 255, reversed: order == .bgrx)
    }

    public func read(row: Int, left: Int, count: Int, into samples: UnsafeMutablePointer<UInt16>) {
        raster.read(row: row, left: left, count: count, into: samples)
    }

    public func write(row: Int, left: Int, count: Int, from samples: UnsafePointer<UInt16>) {
        raster.write(row: row, left: left, count: count, from: samples)
    }
}
