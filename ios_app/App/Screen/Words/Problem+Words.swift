import Foundation

extension Problem {
    /// What is wrong and what helps, in a sentence or two.
    var sentence: String {
        switch self {
        case .notAPhoto:
            String(localized: "This file can't be read as a photo. Choose another one.")
        case .tooLarge(let megapixels):
            String(localized: "A photo of \(megapixels) megapixels is too large. Make it smaller first.")
        case .tooLittleMemory(let needed, let free):
            String(
                localized: """
                    This photo needs \(needed) MB of memory, and \(free) MB are free. \
                    Close other apps.
                    """)
        case .noRoom:
            String(
                localized: """
                    There is too little memory or storage for this photo. \
                    Close other apps, or free some storage.
                    """)
        case .notWritten:
            String(localized: "The restored photo could not be written. Free some storage and try again.")
        case .libraryRefused:
            String(localized: "Heirloom may not add photos. Allow it in Settings, under Privacy.")
        case .leftScreen:
            String(localized: "Heirloom has to stay on the screen while it works. Start again.")
        case .noNetworks:
            String(localized: "The networks are missing from this app. Install it again.")
        case .brokenNetworks:
            String(localized: "The networks in this app are damaged. Install it again.")
        case .nothingPasses:
            String(localized: "This device does not compute what the networks expect. Update its system.")
        case .other(let words): words
        }
    }
}
