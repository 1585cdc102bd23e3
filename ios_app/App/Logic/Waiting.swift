/// Photos that were chosen together, or while another one was in work: none of them is dropped.
struct Waiting<Photo> {
    private(set) var photos: [Photo] = []

    var count: Int { photos.count }

    /// Adds photos behind all others, or `inFront` of them.
    mutating func add(_ more: [Photo], inFront: Bool = false) {
        photos.insert(contentsOf: more, at: inFront ? 0 : photos.count)
    }

    /// Takes the photo that has waited longest; nil if there is none.
    mutating func next() -> Photo? {
        photos.isEmpty ? nil : photos.removeFirst()
    }
}
