import RestoreCore

/// What a person chooses on the screen.
struct Choices: Equatable {
    var scratches = true
    var faces = true
    var keepGray = true
    /// How much of the change is applied, 0 to 1.
    var strength = 1.0

    /// The same for the core.
    var options: Options {
        Options(
            strength: strength, scratches: scratches ? .auto : .off, keepGray: keepGray,
            faces: faces ? .auto : .off)
    }
}
