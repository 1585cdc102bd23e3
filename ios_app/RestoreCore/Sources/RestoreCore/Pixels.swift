/// A photo's pixels, upright, wherever they lie in memory: read and overwritten row by row.
///
/// A sample is 0...`top`; a pixel has `colours` samples, red first. Alpha is not included: it is left
/// as it is. While a `Restorer` works on pixels, nothing else may use them.
public protocol Pixels: AnyObject {
    /// Rows.
    var height: Int { get }
    /// Columns.
    var width: Int { get }
    /// Samples of a pixel: 1 (gray) or 3.
    var colours: Int { get }
    /// The value of white: 255 or 65535.
    var top: Int { get }
    /// Bytes of memory that the pixels take, with the alpha that lies among them.
    var bytes: Int { get }

    /// Copies `count` pixels of `row` from column `left` on, interleaved. All of them lie in the photo.
    func read(row: Int, left: Int, count: Int, into samples: UnsafeMutablePointer<UInt16>)

    /// Overwrites `count` pixels of `row` from column `left` on. All of them lie in the photo.
    func write(row: Int, left: Int, count: Int, from samples: UnsafePointer<UInt16>)
}

extension Pixels {
    /// Copies pixels as `read` does, rounded to 8 bits.
    func readEightBit(row: Int, left: Int, count: Int, into samples: UnsafeMutablePointer<UInt16>) {
        read(row: row, left: left, count: count, into: samples)
        guard top != 255 else { return }
        for index in 0..<count * colours { samples[index] = UInt16((UInt32(samples[index]) + 128) / 257) }
    }
}
