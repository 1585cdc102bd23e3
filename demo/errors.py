"""What can go wrong on the page in a way that its user can mend; see :mod:`edge.errors`."""

from __future__ import annotations

import re

from edge.errors import HeirloomError

# A path's folders, after a space, a quote or a bracket: "8-bit L/RGB" is no path.
_FOLDERS = re.compile(r"(?:(?<=[\s'\"(`=])|^)(?:[A-Za-z]:)?[/\\](?:[^\s/\\'\"`]+[/\\])+")


class RestorationFailed(HeirloomError):
    """What a worker says of a photo that it could not restore."""


class WorkerStopped(HeirloomError):
    """A worker's process ended in the middle of its work."""


class TimeLimitReached(HeirloomError):
    """A request took longer than it may."""


class MaskMissing(HeirloomError):
    """Damage was to be taken from a mask that was not given."""


class PhotoRemoved(HeirloomError):
    """The photo that was chosen is no longer kept."""


def reported(error: Exception | str) -> str:
    """An error's sentence for the page: no folder of the server is in it, only names of files."""
    return _FOLDERS.sub("", str(error))
