import RestoreCore
import SwiftUI

/// A share as percent with so many decimals, in the user's language.
func percent(_ share: Double, decimals: Int = 0) -> String {
    share.formatted(.percent.precision(.fractionLength(decimals)))
}

extension Activity.Kind {
    /// What is being done, on the screen.
    var name: LocalizedStringKey {
        switch self {
        case .opening: "Opening the photo"
        case .finding: "Looking for damage"
        case .filling: "Filling the damage"
        case .restoring: "Restoring"
        case .saving: "Saving"
        }
    }

    /// What VoiceOver says when it is done.
    var end: String {
        switch self {
        case .opening: String(localized: "The photo is open.")
        case .finding: String(localized: "Damage is shown in red.")
        case .filling: String(localized: "The damage is filled.")
        case .restoring: String(localized: "The photo is restored.")
        case .saving: String(localized: "The photo is saved.")
        }
    }
}

extension Step {
    /// What was done, in the user's words.
    var sentence: String {
        switch self {
        case .mountLeft: String(localized: "border left as it is")
        case .filled(let share):
            String(localized: "damage filled on \(percent(share, decimals: 1)) of the photo")
        case .tone: String(localized: "contrast and colours corrected")
        case .restored: String(localized: "noise and blur reduced")
        case .facesRefined(let count): String(localized: "faces refined: \(count)")
        }
    }
}

extension Brush.Tool {
    /// The tool's name.
    var name: LocalizedStringKey {
        switch self {
        case .brush: "Brush"
        case .eraser: "Eraser"
        case .hand: "Move"
        }
    }
}

extension Brush.Size {
    /// The size's name.
    var name: LocalizedStringKey {
        switch self {
        case .small: "Small"
        case .medium: "Medium"
        case .large: "Large"
        }
    }
}

extension Lost {
    /// What is lost, in the user's words.
    var name: String {
        switch self {
        case .deepColour: String(localized: "more than 8 bits of colour")
        case .otherPictures: String(localized: "further pictures")
        case .depth: String(localized: "depth")
        case .gainMap: String(localized: "HDR brightness")
        case .makersNote: String(localized: "the camera maker's note")
        case .xmp: String(localized: "XMP")
        }
    }
}
