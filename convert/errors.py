"""What can go wrong while converting, in a way the user can mend."""

from __future__ import annotations

from edge.errors import HeirloomError


class GateFailed(HeirloomError):
    """An artefact is not close enough to the full-precision model, so it was not written."""


class OperationRefused(HeirloomError):
    """A network contains an operation outside the allow-list."""


class WeightsError(HeirloomError):
    """Weights that do not fit the network, or cannot be read safely."""


class PairsError(HeirloomError):
    """Pictures to evaluate on that do not pair up."""


class PhotoSetError(HeirloomError):
    """Photos that can't be trained or calibrated with."""
