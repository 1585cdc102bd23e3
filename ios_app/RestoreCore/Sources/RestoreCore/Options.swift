/// What the user asked for.
public struct Options: Sendable {
    /// What to do about cracks, tears, scratches and stains.
    public enum Scratches: Sendable {
        /// Find them.
        case auto
        /// Leave them.
        case off
        /// Fill these.
        case painted(Damage)
    }

    /// What to do about faces.
    public enum Faces: Equatable, Sendable {
        /// Find and refine them, if the bundle has the networks for it.
        case auto
        /// Leave them.
        case off
        /// Refine those in these boxes.
        case boxes([FaceBox])
    }

    /// How much of the change is applied, 0...1; other values count as the nearest of these.
    public var strength: Double
    public var scratches: Scratches
    /// Fill the damage and do nothing else.
    public var fillOnly: Bool
    /// A photo that is gray or toned in one hue keeps its hue. Pixels of one colour do in any case: one that
    /// is to come out in colour has to be handed over in colour (`ArrayPixels.init(inColour:)`).
    public var keepGray: Bool
    public var faces: Faces
    /// How much of a face's refinement is applied, 0...1, likewise.
    public var faceStrength: Double

    /// Everything automatic, at full strength.
    public init(
        strength: Double = 1, scratches: Scratches = .auto, fillOnly: Bool = false, keepGray: Bool = true,
        faces: Faces = .auto, faceStrength: Double = 1
    ) {
        self.strength = strength
        self.scratches = scratches
        self.fillOnly = fillOnly
        self.keepGray = keepGray
        self.faces = faces
        self.faceStrength = faceStrength
    }
}

/// An upright rectangle around a face, in pixels of the photo.
public struct FaceBox: Equatable, Sendable {
    public let left: Double
    public let top: Double
    public let width: Double
    public let height: Double

    /// `width` and `height` must be above 0.
    public init(left: Double, top: Double, width: Double, height: Double) {
        (self.left, self.top, self.width, self.height) = (left, top, width, height)
    }
}

/// What was done to a photo.
public struct Restored: Equatable, Sendable {
    /// In words, in order: "damage on 1.2 % of the photo filled", "tone", "restored", "2 faces refined".
    public let done: [String]
    /// The faces that were found, or marked.
    public let faces: [FaceRecord]
}

/// A face that was found.
public struct FaceRecord: Equatable, Sendable {
    /// In whole pixels.
    public let box: FaceBox
    /// How sure the finder is, 0...1; 1 for a face that was marked.
    public let score: Double
    /// Root of the mean squared change that the network makes, 0...1.
    public let change: Double
    /// False where the change is too large to be trusted: it was not applied.
    public let refined: Bool
}
