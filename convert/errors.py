"""Errors of conversion that the user can correct."""

from __future__ import annotations

from edge.errors import HeirloomError


class GateFailed(HeirloomError):
    """An artifact is not close enough to the full-precision model, so it was not written."""


class OperationRefused(HeirloomError):
    """A network contains an operation outside the allow-list."""


class WeightsError(HeirloomError):
    """Weights that do not fit the network, or cannot be read safely."""


class PairsError(HeirloomError):
    """Pictures to evaluate on that form no pairs."""


class PhotoSetError(HeirloomError):
    """Photos that can't be used for training or calibration."""


class MissingWeights(WeightsError):
    """Imported weights, or one network of them, are missing."""


class CheckpointError(HeirloomError):
    """A published checkpoint that cannot be imported."""


class UnreadableCheckpoint(CheckpointError):
    """A file that is truncated, damaged, too large, or no checkpoint."""


class UnsafeCheckpoint(CheckpointError):
    """A checkpoint with code or objects besides tensors; none of it was run."""


class WrongCheckpoint(CheckpointError):
    """A checkpoint whose keys, shapes or values are not those of the network."""


class AmbiguousCheckpoint(CheckpointError):
    """A checkpoint whose network can't be recognised, or two different ones for the same network."""


class MissingCheckpoint(CheckpointError):
    """A required network that no file was found for."""


class TrainingError(HeirloomError):
    """A training that can't be started."""


class RecipeError(HeirloomError):
    """An INT8 recipe that can't be read."""


class PackageError(HeirloomError):
    """A Core ML package that can't be read."""


class UnknownOperation(HeirloomError):
    """An operation, type or input in a Core ML program that the interpreter does not support."""


class LibraryChanged(HeirloomError):
    """An installed library lacks an internal name that converting needs; another version has it."""
