/// A part of a photo, in its upright pixels.
struct Crop: Equatable, Sendable {
    let left: Int
    let top: Int
    let width: Int
    let height: Int
}
