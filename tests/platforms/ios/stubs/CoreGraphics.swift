// Nothing is Sendable here, whatever Apple's is: what type-checks without that does with it.
@_exported import Foundation

public final class CGColorSpace {
    public static let sRGB: CFString = ""
    public static let displayP3: CFString = ""
    public var isWideGamutRGB: Bool { fatalError() }
    public init?(name: CFString) {}
}

public enum CGImageAlphaInfo: UInt32 {
    case none, premultipliedLast, premultipliedFirst, last, first, noneSkipLast, noneSkipFirst, alphaOnly
}

public struct CGBitmapInfo: OptionSet {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
}

public enum CGColorRenderingIntent {
    case defaultIntent
}

public enum CGInterpolationQuality {
    case `default`, none, low, medium, high
}

public final class CGDataProvider {
    public init?(data: CFData) {}
    public init?(
        dataInfo info: UnsafeMutableRawPointer?, data: UnsafeRawPointer, size: Int,
        releaseData: @convention(c) (UnsafeMutableRawPointer?, UnsafeRawPointer, Int) -> Void
    ) {}
}

public final class CGImage {
    public init?(
        width: Int, height: Int, bitsPerComponent: Int, bitsPerPixel: Int, bytesPerRow: Int,
        space: CGColorSpace, bitmapInfo: CGBitmapInfo, provider: CGDataProvider,
        decode: UnsafePointer<CGFloat>?, shouldInterpolate: Bool, intent: CGColorRenderingIntent
    ) {}
    public var width: Int { fatalError() }
    public var height: Int { fatalError() }
    public var alphaInfo: CGImageAlphaInfo { fatalError() }
    public var colorSpace: CGColorSpace? { nil }
}

public struct CGAffineTransform {
    public init(a: CGFloat, b: CGFloat, c: CGFloat, d: CGFloat, tx: CGFloat, ty: CGFloat) {}
}

public final class CGContext {
    public init?(
        data: UnsafeMutableRawPointer?, width: Int, height: Int, bitsPerComponent: Int, bytesPerRow: Int,
        space: CGColorSpace, bitmapInfo: UInt32
    ) {}
    public var interpolationQuality = CGInterpolationQuality.default
    public func concatenate(_ transform: CGAffineTransform) {}
    public func draw(_ image: CGImage, in rect: CGRect, byTiling: Bool = false) {}
}
