import RestoreCore

/// The user's choices on the screen.
struct Choices: Equatable {
    var scratches = true
    var faces = true
    var keepGray = true
    /// Share of the change that is applied, 0 to 1.
    var strength = 1.0

    /// The choices as the core's options; `marks` are the photo's if damage was looked for, and `fillOnly`
    /// leaves everything but the damage as it is.
    func options(marks: Marks? = nil, fillOnly: Bool = false) -> Options {
        Options(
            strength: strength, scratches: scratches ? marks?.scratches ?? .auto : .off,
            fillOnly: fillOnly, keepGray: keepGray, faces: faces ? .auto : .off)
    }
}
