import Foundation
import RestoreCore

/// The tool in the hand of a person who corrects the found damage.
struct Brush: Equatable {
    enum Tool: CaseIterable {
        case brush, eraser
        /// Moves the photo and marks nothing.
        case hand
    }

    enum Size: CaseIterable {
        case small, medium, large

        /// Radius in points of the screen: the closer a photo is looked at, the finer are the strokes.
        var radius: Double {
            switch self {
            case .small: 3
            case .medium: 9
            case .large: 22
            }
        }
    }

    var tool = Tool.brush
    var size = Size.medium

    /// The stroke through `points` of the view; nil without a point, and with the hand.
    func stroke(through points: [CGPoint], in viewport: Viewport) -> Stroke? {
        guard tool != .hand, !points.isEmpty, viewport.scale > 0 else { return nil }
        var places = [Stroke.Place]()
        for point in points {
            let place = viewport.pixel(at: point)
            if places.last != place { places.append(place) }
        }
        let radius = min(Stroke.maxRadius, Int((size.radius / viewport.scale).rounded()))
        return try? Stroke(points: places, radius: radius, erases: tool == .eraser)
    }
}
