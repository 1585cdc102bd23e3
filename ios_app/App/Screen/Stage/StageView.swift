import SwiftUI

/// The photo, before and after or with its damage, which can be zoomed, moved and marked.
struct StageView: View {
    let studio: Studio
    let photo: OpenPhoto

    @State private var viewport: Viewport
    /// The place of the line between before and after, as a share of the visible photo's width.
    @State private var divider = 0.5
    @State private var hand = Hand()
    /// The zoom at which the fingers of a pinch were put down; nil while there is none.
    @State private var pinched: Double?
    @State private var details: (before: Detail?, after: Detail?) = (nil, nil)
    @GestureState private var isPinching = false
    @Environment(\.displayScale) private var density

    init(studio: Studio, photo: OpenPhoto) {
        (self.studio, self.photo) = (studio, photo)
        let size = CGSize(width: photo.width, height: photo.height)
        _viewport = State(initialValue: Viewport(photo: size))
    }

    var body: some View {
        GeometryReader { space in
            pictures
                .frame(width: space.size.width, height: space.size.height, alignment: .topLeading)
                .clipped()
                .contentShape(Rectangle())
                .gesture(drag)
                .simultaneousGesture(pinch)
                .simultaneousGesture(doubleTap)
                .onChange(of: space.size, initial: true) { _, size in viewport.view = size }
        }
        .onChange(of: isPinching) { _, isPinching in
            if !isPinching { pinched = nil }
        }
        .task(id: request) { await fetchDetails() }
    }

    @ViewBuilder private var pictures: some View {
        if studio.isMarking, let marks = studio.marks {
            ZStack(alignment: .topLeading) {
                PhotoLayer(picture: photo.picture, detail: details.before, viewport: viewport)
                MarkCanvas(
                    marks: marks, overlay: studio.overlay, viewport: viewport, brush: studio.brush,
                    line: hand.line)
            }
            .accessibilityElement()
            .accessibilityLabel("Photo with its damage in red")
            .accessibilityHint("Paint over damage with one finger.")
            .accessibilityAddTraits(.allowsDirectInteraction)
        } else if let restored = studio.restored {
            CompareView(
                before: PhotoLayer(picture: photo.picture, detail: details.before, viewport: viewport),
                after: PhotoLayer(
                    picture: restored.picture,
                    // Not that of an earlier restoration.
                    detail: details.after.flatMap { $0.file == restored.file ? $0 : nil },
                    viewport: viewport),
                viewport: viewport, share: $divider)
        } else {
            PhotoLayer(picture: photo.picture, detail: details.before, viewport: viewport)
                .accessibilityElement()
                .accessibilityLabel("Photo before restoration")
        }
    }

    private var drag: some Gesture {
        // A touch alone is a dot of the brush.
        DragGesture(minimumDistance: studio.isMarking ? 0 : 4)
            .onChanged { drag in
                if isPinching { return hand.leave(drag.startLocation) }
                guard let moved = hand.moved(from: drag.startLocation, to: drag.location) else { return }
                if isPainting {
                    hand.draw(to: drag.location)
                } else if movesDivider(from: drag.startLocation) {
                    divider = viewport.share(at: drag.location)
                } else {
                    viewport.move(across: moved.width, down: moved.height)
                }
            }
            .onEnded { _ in
                let line = hand.finish()
                if isPainting, let stroke = studio.brush.stroke(through: line, in: viewport) {
                    studio.draw(stroke)
                }
            }
    }

    private var pinch: some Gesture {
        MagnifyGesture()
            .updating($isPinching) { _, isPinching, _ in isPinching = true }
            .onChanged { pinch in
                let start = pinched ?? viewport.zoom
                pinched = start
                viewport.zoom(
                    to: start * pinch.magnification, around: pinch.startLocation, density: density)
            }
    }

    private var doubleTap: some Gesture {
        SpatialTapGesture(count: 2).onEnded { tap in
            // With a brush it is two dots.
            if !isPainting { viewport.toggle(at: tap.location, density: density) }
        }
    }

    private var isPainting: Bool {
        studio.isMarking && studio.brush.tool != .hand
    }

    /// Whether a drag moves the line of the comparison: a zoomed photo is moved, but by its line.
    private func movesDivider(from start: CGPoint) -> Bool {
        guard studio.restored != nil, !studio.isMarking else { return false }
        return !viewport.isZoomed || abs(start.x - viewport.place(of: divider)) < 30
    }

    private var request: DetailRequest {
        DetailRequest(
            crop: viewport.detail(width: photo.picture.image.width, density: density),
            restored: studio.restored?.file)
    }

    /// Fetches the visible part in the photo's own pixels, once the fingers rest.
    private func fetchDetails() async {
        let request = request
        guard let crop = request.crop else {
            details = (nil, nil)
            return
        }
        guard (try? await Task.sleep(for: .milliseconds(250))) != nil else { return }
        func detail(_ file: URL) async -> Detail? {
            await Restoration.detail(file, crop).map { Detail(file: file, crop: crop, picture: $0) }
        }
        let before = await detail(photo.file.url)
        guard !Task.isCancelled else { return }
        details.before = before
        guard let restored = request.restored else { return }
        let after = await detail(restored)
        if !Task.isCancelled { details.after = after }
    }
}
