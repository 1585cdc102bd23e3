import Foundation
import RestoreCore

/// A problem that the screen explains; its words are in `Problem+Words.swift`.
enum Problem: Error, Equatable {
    case notAPhoto
    case tooLarge(megapixels: Int)
    /// Both in MB.
    case tooLittleMemory(needed: Int, free: Int)
    /// The core found too little memory, or too little storage, on its way.
    case noRoom
    case notWritten
    case libraryRefused
    /// The system stopped the processors' work because the app left the screen.
    case leftScreen
    case noNetworks
    /// The bundle's files are not those that its manifest lists.
    case brokenNetworks
    case nothingPasses
    /// Anything else, in the words of the system or of the core.
    case other(String)

    /// The problem behind `error`; `leftScreen`: whether the app has left the screen while the work ran, which
    /// makes the GPU and the Neural Engine fail in Core ML's own words.
    init(_ error: any Error, leftScreen: Bool = false) {
        switch error {
        case let problem as Problem: self = problem
        case let error as HeirloomError:
            self =
                switch error.kind {
                case .memoryBudgetExceeded: .noRoom
                case .networkFailed where leftScreen: .leftScreen
                case .invalidManifest, .missingBundleFile, .checksumMismatch, .unknownBundleVersion,
                    .missingArtifact:
                    .brokenNetworks
                case .photoError, .optionRefused, .networkFailed: .other(error.message)
                }
        default: self = leftScreen ? .leftScreen : .other(error.localizedDescription)
        }
    }
}
