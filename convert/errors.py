"""What can go wrong while converting, in a way the user can mend."""

from __future__ import annotations

from edge.errors import HeirloomError


class GateFailed(HeirloomError):
    """An artifact is not close enough to the full-precision model, so it was not written."""


class OperationRefused(HeirloomError):
    """A network contains an operation outside the allow-list."""


class WeightsError(HeirloomError):
    """Weights that do not fit the network, or cannot be read safely."""


class PairsError(HeirloomError):
    """Pictures to evaluate on that do not pair up."""


class PhotoSetError(HeirloomError):
    """Photos that can't be trained or calibrated with."""


class MissingWeights(WeightsError):
    """Imported weights, or one network of them, that are not there."""


class CheckpointError(HeirloomError):
    """A published checkpoint that cannot be imported."""


class UnreadableCheckpoint(CheckpointError):
    """Truncated, damaged, too large, or not a checkpoint at all."""


class UnsafeCheckpoint(CheckpointError):
    """Holds code or objects besides tensors; nothing of it was run."""


class WrongCheckpoint(CheckpointError):
    """Keys, shapes or values are not those of the network."""


class AmbiguousCheckpoint(CheckpointError):
    """Which network a file is can't be told, or two files claim to be the same one."""


class MissingCheckpoint(CheckpointError):
    """A network that is needed was not found."""


class TrainingError(HeirloomError):
    """A training that can't be started."""


class RecipeError(HeirloomError):
    """An INT8 recipe that can't be read."""


class PackageError(HeirloomError):
    """A Core ML package that can't be read."""


class UnknownOperation(HeirloomError):
    """Something in a Core ML program that the interpreter does not know."""


class LibraryChanged(HeirloomError):
    """An installed library lacks an internal name that converting needs; another version has it."""
