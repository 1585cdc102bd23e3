import Foundation

/// An error that the user can resolve. Any other error is a bug, except `CancellationError` and those of a
/// `PartRunner`.
public struct HeirloomError: Error, Equatable, Sendable {
    /// The kinds of errors, named as in the toolkit's other runtimes.
    public enum Kind: String, Sendable {
        /// A mask or a face's box that does not fit the photo.
        case photoError = "PhotoError"
        /// An option out of range.
        case optionRefused = "OptionRefused"
        /// A bundle written by a later release.
        case unknownBundleVersion = "UnknownBundleVersion"
        /// The manifest is missing, is not JSON, or does not follow the schema.
        case invalidManifest = "InvalidManifest"
        /// A file that the manifest lists is not there.
        case missingBundleFile = "MissingBundleFile"
        /// A file's content differs from the manifest's checksum.
        case checksumMismatch = "ChecksumMismatch"
        /// The bundle has no network of the wanted format and precision.
        case missingArtifact = "MissingArtifact"
        /// The photo cannot be restored within the memory or the storage that is free.
        case memoryBudgetExceeded = "MemoryBudgetExceeded"
        /// A network returned something that is not a number, or not what the manifest announces.
        case networkFailed = "NetworkFailed"
    }

    /// The kind of error.
    public let kind: Kind
    /// One or two sentences for the user: the problem and the remedy.
    public let message: String

    /// An error of `kind`.
    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }
}

extension HeirloomError: LocalizedError {
    /// The message.
    public var errorDescription: String? { message }
}
