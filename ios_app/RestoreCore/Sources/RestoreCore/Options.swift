/// Options of a restoration.
public struct Options: Sendable {
    /// Source of the damage mask.
    public enum Scratches: Sendable {
        /// Damage as the detector finds it.
        case auto
        /// No damage.
        case off
        /// Damage painted by a person.
        case painted(Damage)
    }

    /// Choice of the faces to refine.
    public enum Faces: Equatable, Sendable {
        /// The faces that the finder detects, if the bundle has the networks for them.
        case auto
        /// No face.
        case off
        /// The faces in these boxes.
        case boxes([FaceBox])
    }

    /// Share of the change that is applied; clamped to 0...1.
    public var strength: Double
    public var scratches: Scratches
    /// Only fills the damage.
    public var fillOnly: Bool
    /// A photo that is gray or toned in one hue keeps its hue. Pixels of one channel always do: a gray
    /// photo is restored in colour only if it has three channels (`ArrayPixels.init(inColour:)`).
    public var keepGray: Bool
    public var faces: Faces
    /// Share of a face's refinement that is applied; clamped to 0...1.
    public var faceStrength: Double

    /// Options with everything automatic, at full strength, by default.
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

/// The result of a restoration.
public struct Restored: Equatable, Sendable {
    /// The steps applied, in order: "mount left as it is", "damage on 1.2 % of the photo filled", "tone", "restored",
    /// "2 faces refined".
    public let done: [String]
    /// The faces that were found or marked.
    public let faces: [FaceRecord]
    /// The part of the photo within its mount, in pixels, which alone is restored; nil: it has no mount.
    public var picture: Box?
}

/// The record of a face that was found or marked.
public struct FaceRecord: Equatable, Sendable {
    /// The box, in whole pixels.
    public let box: FaceBox
    /// The finder's score, 0...1; 1 for a face that was marked.
    public let score: Double
    /// Root of the mean squared change that the network makes, 0...1.
    public let change: Double
    /// False where the change is too large to be trusted: it was not applied.
    public let refined: Bool
}
