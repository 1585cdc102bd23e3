import SwiftUI

/// A picture of the whole photo at its place on the stage, and over it the part of which more is to be seen.
struct PhotoLayer: View {
    let picture: Picture
    let detail: Detail?
    let viewport: Viewport

    var body: some View {
        ZStack(alignment: .topLeading) {
            placed(picture, viewport.frame)
            if let detail { placed(detail.picture, viewport.frame(of: detail.crop)) }
        }
    }

    private func placed(_ picture: Picture, _ frame: CGRect) -> some View {
        Image(decorative: picture.image, scale: 1)
            .resizable()
            .frame(width: frame.width, height: frame.height)
            .offset(x: frame.minX, y: frame.minY)
    }
}

/// A part of a photo in its own pixels.
struct Detail {
    let file: URL
    let crop: Crop
    let picture: Picture
}

/// What has to be fetched for a sharp view of a part of the photo.
struct DetailRequest: Equatable {
    /// nil: the picture of the whole photo is sharp.
    let crop: Crop?
    let restored: URL?
}
