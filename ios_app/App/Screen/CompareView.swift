import SwiftUI

/// The original to the left and the restored photo to the right of a line that can be dragged.
struct CompareView: View {
    let before: Picture
    let after: Picture

    @State private var share = 0.5

    private static let step = 0.1

    var body: some View {
        GeometryReader { space in
            ZStack(alignment: .leading) {
                PictureView(picture: after)
                PictureView(picture: before)
                    .mask(alignment: .leading) {
                        Rectangle().frame(width: space.size.width * share)
                    }
                Rectangle()
                    .fill(.white)
                    .frame(width: 2)
                    .offset(x: space.size.width * share - 1)
            }
            .contentShape(Rectangle())
            .gesture(
                DragGesture(minimumDistance: 0).onChanged { drag in
                    move(to: drag.location.x / space.size.width)
                }
            )
        }
        .aspectRatio(after.aspect, contentMode: .fit)
        .accessibilityElement()
        .accessibilityLabel("Comparison of before and after")
        .accessibilityValue("\(Int(100 * share)) percent before")
        .accessibilityAdjustableAction { direction in
            switch direction {
            case .increment: move(to: share + Self.step)
            case .decrement: move(to: share - Self.step)
            @unknown default: break
            }
        }
    }

    private func move(to place: Double) {
        share = min(1, max(0, place))
    }
}

/// A picture at the available width.
struct PictureView: View {
    let picture: Picture

    var body: some View {
        Image(decorative: picture.image, scale: 1)
            .resizable()
            .aspectRatio(picture.aspect, contentMode: .fit)
    }
}
