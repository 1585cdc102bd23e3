import Foundation

/// One finger on the photo, from where it is put down to where it is lifted: it draws a line or moves the photo.
struct Hand {
    /// The points of the line under way.
    private(set) var line: [CGPoint] = []
    private var start: CGPoint?
    private var last: CGPoint?
    private var left: CGPoint?

    /// Gives up what the finger put down at `start` has drawn, and whatever it does until it is lifted: a second
    /// finger makes it a pinch.
    mutating func leave(_ start: CGPoint) {
        (left, line) = (start, [])
    }

    /// How far the finger has moved since the last call; nil if what it does was given up.
    mutating func moved(from start: CGPoint, to place: CGPoint) -> CGSize? {
        guard start != left else { return nil }
        // The system may end a drag without a word.
        if start != self.start { (line, last) = ([], start) }
        let from = last ?? start
        (self.start, last) = (start, place)
        return CGSize(width: place.x - from.x, height: place.y - from.y)
    }

    /// Draws a line to `place`.
    mutating func draw(to place: CGPoint) {
        if let start, line.isEmpty, start != place { line.append(start) }
        line.append(place)
    }

    /// Lifts the finger and returns its line.
    mutating func finish() -> [CGPoint] {
        defer { self = Hand() }
        return line
    }
}
