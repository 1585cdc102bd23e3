"""Typed errors: everything that the user can correct.

Each message is one or two sentences that name the problem and the remedy; the command line prints it and
exits with a non-zero status. Any other exception is a bug.
"""

from __future__ import annotations

import traceback
from pathlib import Path


def install_hint(extra: str) -> str:
    """How to get the packages of an extra; the distribution itself is not published."""
    return f'run pip install ".[{extra}]" in a clone of the repository'


class HeirloomError(Exception):
    """Base of all typed errors."""


class PhotoError(HeirloomError):
    """A photo that cannot be restored."""


class UnsupportedPhoto(PhotoError):
    """Not a photo, or a format, mode or compression that is not read."""


class BrokenPhoto(PhotoError):
    """Truncated or damaged: some pixels cannot be decoded."""


class MultiPagePhoto(PhotoError):
    """A file with several frames or pages."""


class PhotoTooLarge(PhotoError):
    """More pixels than the limit, according to the file's header."""


class BundleError(HeirloomError):
    """A bundle that cannot be used."""


class UnknownBundleVersion(BundleError):
    """Written by a later release."""


class InvalidManifest(BundleError):
    """The manifest is missing, is not JSON, or does not follow the schema."""


class MissingBundleFile(BundleError):
    """A file that the manifest lists is not there."""


class ChecksumMismatch(BundleError):
    """A file's content differs from the manifest's checksum."""


class SignatureRefused(BundleError):
    """A bundle that the required key has not signed, or a key that can't be used."""


class MissingArtifact(BundleError):
    """The bundle has no network of the requested part, format and precision."""


class NetworkCrashes(BundleError):
    """A network ends the process that runs it, or never ends itself."""


class SelfTestFailed(BundleError):
    """This device's runtime does not reproduce the golden vectors."""


class HubError(HeirloomError):
    """A repository of the Hugging Face hub that can't be reached, read or written."""


class RuntimeUnavailable(HeirloomError):
    """No installed library can run the bundle's networks."""


class MemoryBudgetExceeded(HeirloomError):
    """The photo cannot be restored within the memory limit."""


class MemoryLimitReached(MemoryBudgetExceeded):
    """A worker process needed more memory than it may take, and was ended or could not go on."""


class WorkerStopped(HeirloomError):
    """A worker process crashed, was killed, or made no progress and was stopped."""


class TaskFailed(HeirloomError):
    """An error that a worker process met and reported."""

    def __init__(self, sentence: str, kind: str) -> None:
        super().__init__(sentence)
        self.kind = kind
        """Name of the error's class."""


class OptionRefused(HeirloomError):
    """An option out of its range, or without meaning for the networks that were chosen."""


class OutputConflict(HeirloomError):
    """An output would overwrite an input, another output, or an unknown file."""


class MissingExtra(HeirloomError):
    """A command needs packages that are not installed."""


class NetworkFailed(HeirloomError):
    """A network returned values that are not finite."""


def kind_of(error: Exception) -> str:
    """The name of an error's class, as records have it."""
    return error.kind if isinstance(error, TaskFailed) else type(error).__name__


def sentence_of(error: Exception) -> str:
    """What to tell the user about an error that one photo met, a bug included."""
    if isinstance(error, HeirloomError):
        return str(error)
    if isinstance(error, OSError):
        return f"{error.strerror or error}."
    if isinstance(error, MemoryError):
        return "Not enough memory for this photo; lower --max-memory."
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(frame.filename).name}, line {frame.lineno}"
    return f"This is a bug in Heirloom, please report it: {type(error).__name__}: {error} ({where})."
