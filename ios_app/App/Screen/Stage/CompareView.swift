import SwiftUI

/// The original to the left and the restored photo to the right of a line.
struct CompareView: View {
    let before: PhotoLayer
    let after: PhotoLayer
    let viewport: Viewport
    /// The line's place, as a share of the visible photo's width.
    @Binding var share: Double

    private static let step = 0.1

    var body: some View {
        let (visible, line) = (viewport.visible, viewport.place(of: share))
        ZStack(alignment: .topLeading) {
            after
            before
                .frame(width: viewport.view.width, height: viewport.view.height, alignment: .topLeading)
                .mask(alignment: .topLeading) {
                    Rectangle().frame(width: line, height: viewport.view.height)
                }
            Rectangle()
                .fill(.white)
                .frame(width: 2, height: visible.height)
                .offset(x: line - 1, y: visible.minY)
            HStack {
                // Each is hidden where its side of the photo is.
                PictureLabel(text: "Before").opacity(share > 0.25 ? 1 : 0)
                Spacer()
                PictureLabel(text: "After").opacity(share < 0.75 ? 1 : 0)
            }
            .frame(width: visible.width)
            .offset(x: visible.minX, y: visible.minY)
        }
        .accessibilityElement()
        .accessibilityLabel("Comparison of before and after")
        .accessibilityValue("\(percent(share)) before")
        .accessibilityAdjustableAction { direction in
            switch direction {
            case .increment: share = min(1, share + Self.step)
            case .decrement: share = max(0, share - Self.step)
            @unknown default: break
            }
        }
    }
}

/// A word on a picture, readable on any.
private struct PictureLabel: View {
    let text: LocalizedStringKey

    var body: some View {
        Text(text)
            .font(.footnote)
            .padding(6)
            .background(.regularMaterial)
            .padding(6)
    }
}
