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

/// A step that a restoration applied; its description is the toolkit's sentence, in English.
public enum Step: Equatable, Sendable, CustomStringConvertible {
    /// The mount around the picture was left as it is.
    case mountLeft
    /// Damage on this share of the photo, 0...1, was filled.
    case filled(share: Double)
    case tone
    case restored
    /// So many faces were refined, at least one.
    case facesRefined(Int)

    public var description: String {
        switch self {
        case .mountLeft: "mount left as it is"
        case .filled(let share): "damage on \(printed(100 * share, 1)) % of the photo filled"
        case .tone: "tone"
        case .restored: "restored"
        case .facesRefined(let count): "\(count) \(count == 1 ? "face" : "faces") refined"
        }
    }
}

/// The result of a restoration.
public struct Restored: Equatable, Sendable {
    /// The steps applied, in order.
    public let steps: [Step]
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
