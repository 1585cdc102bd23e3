import RestoreCore

/// The user's choices on the screen.
struct Choices: Equatable {
    var scratches = true
    var faces = true
    var keepGray = true
    /// Share of the change that is applied, 0 to 1.
    var strength = 1.0

    /// The choices as the core's options.
    var options: Options {
        Options(
            strength: strength, scratches: scratches ? .auto : .off, keepGray: keepGray,
            faces: faces ? .auto : .off)
    }
}
