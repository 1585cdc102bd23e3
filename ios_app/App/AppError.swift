import Foundation

/// Errors of the app itself, each with a sentence that explains the remedy.
enum AppError: LocalizedError {
    case notAPhoto
    case tooLarge(megapixels: Int)
    case tooLittleMemory(needed: Int, free: Int)
    case notWritten
    case libraryRefused
    case noNetworks
    case nothingPasses
    case noSuchOutput(String)
    case notFloat(String)

    var errorDescription: String? {
        switch self {
        case .notAPhoto:
            String(localized: "This file can't be read as a photo; choose another one.")
        case .tooLarge(let megapixels):
            String(localized: "A photo of \(megapixels) megapixels is too large; make it smaller first.")
        case .tooLittleMemory(let needed, let free):
            String(localized: "This photo needs \(needed) MB and \(free) MB are free; close other apps.")
        case .notWritten:
            String(localized: "The restored photo could not be written; free some storage and try again.")
        case .libraryRefused:
            String(localized: "Heirloom may not add photos; allow it in Settings, under Privacy.")
        case .noNetworks:
            String(localized: "The networks are missing from the app; fill its Models folder and rebuild.")
        case .nothingPasses:
            String(localized: "This device does not compute what the networks expect; update its system.")
        case .noSuchOutput(let name):
            String(localized: "The network has no output \(name); export the networks again.")
        case .notFloat(let name):
            String(localized: "The network's input \(name) is not float32; export the networks again.")
        }
    }
}
