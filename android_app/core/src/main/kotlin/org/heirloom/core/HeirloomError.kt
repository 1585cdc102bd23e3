package org.heirloom.core

/**
 * An error that the user can resolve.
 *
 * The message is one or two sentences with the problem and the remedy. Any other exception is a bug.
 */
sealed class HeirloomError(
    message: String,
    cause: Throwable? = null,
) : Exception(message, cause)

/** A photo, or a mask painted for it, that cannot be restored. */
class PhotoError(
    message: String,
) : HeirloomError(message)

/** A bundle that cannot be used. */
sealed class BundleError(
    message: String,
    cause: Throwable? = null,
) : HeirloomError(message, cause)

/** A bundle written by a later release. */
class UnknownBundleVersion(
    message: String,
) : BundleError(message)

/** The manifest is missing, is not JSON, or does not follow the schema. */
class InvalidManifest(
    message: String,
    cause: Throwable? = null,
) : BundleError(message, cause)

/** A file that the manifest lists is not there. */
class MissingBundleFile(
    message: String,
) : BundleError(message)

/** A file's content differs from the manifest's checksum. */
class ChecksumMismatch(
    message: String,
) : BundleError(message)

/** The bundle has no network of the wanted format and precision. */
class MissingArtifact(
    message: String,
) : BundleError(message)

/** This device's runtime does not reproduce the golden vectors. */
class SelfTestFailed(
    message: String,
) : BundleError(message)

/** No runtime of this device can run the bundle's networks. */
class RuntimeUnavailable(
    message: String,
    cause: Throwable? = null,
) : HeirloomError(message, cause)

/** The photo cannot be restored within the memory, or the storage, that there is. */
class MemoryBudgetExceeded(
    message: String,
    cause: Throwable? = null,
) : HeirloomError(message, cause)

/** A network returned something that is not a number. */
class NetworkFailed(
    message: String,
) : HeirloomError(message)
