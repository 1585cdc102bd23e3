import CoreGraphics
import Foundation

/// A decoded picture of about the screen's size. Unchecked, because a `CGImage` never changes.
struct Picture: @unchecked Sendable {
    let image: CGImage
}

extension Picture {
    /// A picture of RGBA pixels whose colours are multiplied by alpha.
    init(premultiplied pixels: [UInt8], height: Int, width: Int) throws {
        guard let provider = CGDataProvider(data: Data(pixels) as CFData),
            let space = CGColorSpace(name: CGColorSpace.sRGB),
            let image = CGImage(
                width: width, height: height, bitsPerComponent: 8, bitsPerPixel: 32,
                bytesPerRow: 4 * width, space: space,
                bitmapInfo: CGBitmapInfo(rawValue: CGImageAlphaInfo.premultipliedLast.rawValue),
                provider: provider, decode: nil, shouldInterpolate: false, intent: .defaultIntent)
        else { throw Problem.notAPhoto }
        self.image = image
    }
}
