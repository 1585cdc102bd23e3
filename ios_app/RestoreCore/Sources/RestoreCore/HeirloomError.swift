import Foundation

/// Everything that can go wrong in a way the user can mend. Anything else that is thrown is a bug, but for
/// `CancellationError` and what a `PartRunner` throws.
public struct HeirloomError: Error, Equatable, Sendable {
    /// Named as the errors of the toolkit's other runtimes.
    public enum Kind: String, Sendable {
        /// A mask or a face's box that does not fit the photo.
        case photoError = "PhotoError"
        /// A bundle written by a later release.
        case unknownBundleVersion = "UnknownBundleVersion"
        /// The manifest is missing, is not JSON, or does not follow the schema.
        case invalidManifest = "InvalidManifest"
        /// A file that the manifest lists is not there.
        case missingBundleFile = "MissingBundleFile"
        /// A file's content is not what the manifest says.
        case checksumMismatch = "ChecksumMismatch"
        /// The bundle has no network of the wanted format and precision.
        case missingArtifact = "MissingArtifact"
        /// The photo cannot be restored within the memory or the storage that is free.
        case memoryBudgetExceeded = "MemoryBudgetExceeded"
        /// A network returned something that is not a number, or not what the manifest announces.
        case networkFailed = "NetworkFailed"
    }

    /// What is wrong.
    public let kind: Kind
    /// A sentence or two for the user: what is wrong, and what to do.
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
