/// Undoes, in place, the multiplication of colours by alpha in RGBA pixels: the networks see colours as
/// they are in the file, and Core Graphics draws into multiplied memory only.
func unmultiply(_ pixels: UnsafeMutableBufferPointer<UInt8>) {
    for first in stride(from: 0, to: pixels.count - 3, by: 4) {
        let alpha = Int(pixels[first + 3])
        guard alpha > 0, alpha < 255 else { continue }
        for index in first..<first + 3 {
            pixels[index] = UInt8(min(255, (Int(pixels[index]) * 255 + alpha / 2) / alpha))
        }
    }
}
