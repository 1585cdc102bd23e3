import RestoreCore

/// The damage of a photo as it was found, and a person's strokes over it.
struct Marks: Equatable, Sendable {
    /// The damage that was found; nil: none.
    let found: Damage?
    /// Height in pixels of the upright photo.
    let height: Int
    /// Width in pixels of the upright photo.
    let width: Int
    private(set) var strokes: [Stroke] = []

    init(found: Damage?, height: Int, width: Int) {
        (self.found, self.height, self.width) = (found, height, width)
    }

    /// Adds a stroke behind all others.
    mutating func add(_ stroke: Stroke) {
        strokes.append(stroke)
    }

    /// Takes back the last stroke, if there is one.
    mutating func undo() {
        _ = strokes.popLast()
    }

    /// The marked damage as the core's option. Takes a byte for each pixel of the photo if there are strokes.
    var scratches: Options.Scratches {
        if strokes.isEmpty { return found.map { .painted($0) } ?? .off }
        return .painted(Damage(found, drawn: strokes, height: height, width: width))
    }
}
