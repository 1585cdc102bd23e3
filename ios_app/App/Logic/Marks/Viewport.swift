import Foundation
import RestoreCore

/// How a photo lies in a view: fitted at first, then zoomed and moved. The photo never leaves a gap that it
/// could fill.
struct Viewport: Equatable {
    /// Size in pixels of the upright photo.
    let photo: CGSize
    /// Size of the view in points; set it when the view changes.
    var view: CGSize { didSet { clamp() } }
    /// 1: the whole photo fits into the view.
    private(set) var zoom = 1.0
    /// The place of the photo, in its pixels, in the middle of the view.
    private var centre: CGPoint

    init(photo: CGSize, view: CGSize = .zero) {
        (self.photo, self.view) = (photo, view)
        centre = CGPoint(x: photo.width / 2, y: photo.height / 2)
    }

    /// Points of the view for a pixel of the photo; 0 where either has no area.
    var scale: Double { fit * zoom }

    var isZoomed: Bool { zoom > 1 }

    /// The photo's frame in the view.
    var frame: CGRect {
        CGRect(
            x: view.width / 2 - centre.x * scale, y: view.height / 2 - centre.y * scale,
            width: photo.width * scale, height: photo.height * scale)
    }

    /// The part of the view that shows the photo.
    var visible: CGRect {
        let common = frame.intersection(CGRect(origin: .zero, size: view))
        return common.isNull ? .zero : common
    }

    /// The frame of a part of the photo in the view.
    func frame(of crop: Crop) -> CGRect {
        CGRect(
            x: frame.minX + Double(crop.left) * scale, y: frame.minY + Double(crop.top) * scale,
            width: Double(crop.width) * scale, height: Double(crop.height) * scale)
    }

    /// The visible part of the photo, if a screen of `density` pixels a point shows more of it than a picture of the
    /// whole photo, `width` pixels wide; nil if that suffices.
    func detail(width: Int, density: Double) -> Crop? {
        guard isZoomed, scale * density * photo.width > Double(width), Double(width) < photo.width else {
            return nil
        }
        let (left, top) = (((visible.minX - frame.minX) / scale), ((visible.minY - frame.minY) / scale))
        let (right, bottom) = (left + visible.width / scale, top + visible.height / scale)
        func whole(_ low: Double, _ high: Double, _ length: Double) -> (Int, Int) {
            let first = max(0, low.rounded(.down))
            return (Int(first), Int(min(length, high.rounded(.up)) - first))
        }
        let (across, down) = (whole(left, right, photo.width), whole(top, bottom, photo.height))
        return Crop(left: across.0, top: down.0, width: across.1, height: down.1)
    }

    /// The place in the view, from the left, of a share of the visible photo's width.
    func place(of share: Double) -> Double { visible.minX + share * visible.width }

    /// The share of the visible photo's width at a point of the view, 0 to 1.
    func share(at point: CGPoint) -> Double {
        visible.width > 0 ? min(1, max(0, (point.x - visible.minX) / visible.width)) : 0
    }

    /// The pixel of the photo at a point of the view; beyond the photo's borders too.
    func pixel(at point: CGPoint) -> Stroke.Place {
        let limit = Double(Stroke.maxCoordinate)
        func whole(_ value: Double) -> Int { Int(min(limit, max(-limit, value.rounded(.down)))) }
        return Stroke.Place(
            column: whole((point.x - frame.minX) / scale), row: whole((point.y - frame.minY) / scale))
    }

    /// The point of the view at which the middle of a pixel lies.
    func point(of pixel: Stroke.Place) -> CGPoint {
        CGPoint(
            x: frame.minX + (Double(pixel.column) + 0.5) * scale,
            y: frame.minY + (Double(pixel.row) + 0.5) * scale)
    }

    /// The zoom at which a pixel of the photo is one of the screen, `density` of which make a point; at least
    /// 2, so that small photos can be looked at closely too.
    func oneToOne(density: Double) -> Double {
        fit > 0 ? max(2, 1 / (density * fit)) : 1
    }

    /// Zooms, at most to twice `oneToOne`, so that the photo stays where it is at `point` of the view.
    mutating func zoom(to wanted: Double, around point: CGPoint, density: Double) {
        guard scale > 0 else { return }
        let (x, y) = ((point.x - frame.minX) / scale, (point.y - frame.minY) / scale)
        zoom = min(2 * oneToOne(density: density), max(1, wanted))
        centre = CGPoint(
            x: x - (point.x - view.width / 2) / scale, y: y - (point.y - view.height / 2) / scale)
        clamp()
    }

    /// Zooms in to `oneToOne` around `point`, or back to the whole photo.
    mutating func toggle(at point: CGPoint, density: Double) {
        zoom(to: isZoomed ? 1 : oneToOne(density: density), around: point, density: density)
    }

    /// Moves the photo by points of the view.
    mutating func move(across: Double, down: Double) {
        guard scale > 0 else { return }
        centre.x -= across / scale
        centre.y -= down / scale
        clamp()
    }

    private var fit: Double {
        guard photo.width > 0, photo.height > 0 else { return 0 }
        return max(0, min(view.width / photo.width, view.height / photo.height))
    }

    private mutating func clamp() {
        guard scale > 0 else { return }
        func clamped(_ place: Double, _ photo: Double, _ view: Double) -> Double {
            let half = view / scale / 2
            return 2 * half >= photo ? photo / 2 : min(photo - half, max(half, place))
        }
        centre = CGPoint(
            x: clamped(centre.x, photo.width, view.width), y: clamped(centre.y, photo.height, view.height))
    }
}
