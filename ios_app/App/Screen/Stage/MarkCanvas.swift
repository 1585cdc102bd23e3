import RestoreCore
import SwiftUI

/// The damage in red: what was found, and the strokes over it, the one under way too.
struct MarkCanvas: View {
    let marks: Marks
    /// The found damage, as large as the photo's picture.
    let overlay: Picture?
    let viewport: Viewport
    let brush: Brush
    /// The points of the stroke under way.
    let line: [CGPoint]

    var body: some View {
        Canvas { context, _ in
            if let overlay {
                context.draw(Image(decorative: overlay.image, scale: 1), in: viewport.frame)
            }
            for stroke in marks.strokes { draw(stroke, in: context) }
            if let stroke = brush.stroke(through: line, in: viewport) { draw(stroke, in: context) }
        }
        // All at once, so that strokes over each other are as red as one.
        .opacity(0.5)
    }

    private func draw(_ stroke: Stroke, in context: GraphicsContext) {
        var context = context
        context.blendMode = stroke.erases ? .destinationOut : .normal
        let width = Double(2 * stroke.radius + 1) * viewport.scale
        let points = stroke.points.map { viewport.point(of: $0) }
        if points.count == 1 {
            let dot = CGRect(
                x: points[0].x - width / 2, y: points[0].y - width / 2, width: width, height: width)
            context.fill(Path(ellipseIn: dot), with: .color(.red))
        } else {
            var path = Path()
            path.addLines(points)
            context.stroke(
                path, with: .color(.red),
                style: StrokeStyle(lineWidth: width, lineCap: .round, lineJoin: .round))
        }
    }
}
