import CoreGraphics

/// A decoded picture of about the screen's size. Unchecked, because a `CGImage` never changes.
struct Picture: @unchecked Sendable {
    let image: CGImage

    /// Width divided by height.
    var aspect: CGFloat {
        CGFloat(image.width) / CGFloat(image.height)
    }
}
