import CoreGraphics
import RestoreCore

/// A photo's pixels in memory of their own, 4 bytes each: decoded into, restored in place, encoded from.
final class RGBABuffer {
    let width: Int
    let height: Int
    private let hasAlpha: Bool
    private let space: CGColorSpace
    private let memory: UnsafeMutableRawBufferPointer

    /// A buffer of transparent black; `isWide`: of Display P3, else of sRGB.
    init(width: Int, height: Int, hasAlpha: Bool, isWide: Bool) throws {
        guard let space = CGColorSpace(name: isWide ? CGColorSpace.displayP3 : CGColorSpace.sRGB) else {
            throw Problem.notAPhoto
        }
        (self.width, self.height, self.hasAlpha, self.space) = (width, height, hasAlpha, space)
        memory = .allocate(byteCount: 4 * width * height, alignment: 64)
        memory.initializeMemory(as: UInt8.self, repeating: 0)
    }

    deinit { memory.deallocate() }

    /// The pixels for the core, in this memory.
    var pixels: RGBXPixels {
        RGBXPixels(memory: memory, height: height, width: width, bytesPerRow: 4 * width, owner: self)
    }

    /// Draws a stored picture so that it stands upright.
    func draw(_ image: CGImage, as upright: Upright) throws {
        let alpha: CGImageAlphaInfo = hasAlpha ? .premultipliedLast : .noneSkipLast
        guard
            let context = CGContext(
                data: memory.baseAddress, width: width, height: height, bitsPerComponent: 8,
                bytesPerRow: 4 * width, space: space, bitmapInfo: alpha.rawValue)
        else { throw Problem.notAPhoto }
        // Pixels fall on pixels: nothing is to be mixed.
        context.interpolationQuality = .none
        context.concatenate(
            CGAffineTransform(
                a: upright.a, b: upright.b, c: upright.c, d: upright.d, tx: upright.tx, ty: upright.ty))
        context.draw(image, in: CGRect(x: 0, y: 0, width: image.width, height: image.height))
        if hasAlpha { unmultiply(memory.bindMemory(to: UInt8.self)) }
    }

    /// A picture of this memory, without a copy: it keeps the memory alive.
    func image() throws -> CGImage {
        let alpha: CGImageAlphaInfo = hasAlpha ? .last : .noneSkipLast
        let kept = Unmanaged.passRetained(self)
        guard let base = memory.baseAddress,
            let provider = CGDataProvider(
                dataInfo: kept.toOpaque(), data: base, size: memory.count,
                releaseData: { kept, _, _ in
                    if let kept { Unmanaged<RGBABuffer>.fromOpaque(kept).release() }
                })
        else {
            kept.release()
            throw Problem.notWritten
        }
        guard
            let image = CGImage(
                width: width, height: height, bitsPerComponent: 8, bitsPerPixel: 32,
                bytesPerRow: 4 * width, space: space, bitmapInfo: CGBitmapInfo(rawValue: alpha.rawValue),
                provider: provider, decode: nil, shouldInterpolate: false, intent: .defaultIntent)
        else { throw Problem.notWritten }
        return image
    }
}
