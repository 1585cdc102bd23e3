/// What the app is doing for the user, one at a time.
struct Activity: Equatable {
    enum Kind: Equatable {
        case opening, finding, filling, restoring, saving
    }

    let kind: Kind
    /// The share that is done, 0 to 1; nil where it is not known.
    var share: Double?
    /// Whether the user has stopped it, and it has not ended yet.
    var isStopping = false

    /// Whole quarters that are done: what VoiceOver announces.
    var quarters: Int { Int(4 * (share ?? 0)) }
}
