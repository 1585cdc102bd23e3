"""Errors of the page that its user can correct; see :mod:`edge.errors`."""

from __future__ import annotations

import re

from edge.errors import HeirloomError

# A path's folders, after a space, a quote or a bracket: "8-bit L/RGB" is no path.
_FOLDERS = re.compile(r"(?:(?<=[\s'\"(`=])|^)(?:[A-Za-z]:)?[/\\](?:[^\s/\\'\"`]+[/\\])+")


class TimeLimitReached(HeirloomError):
    """A request took longer than the time limit."""


class MaskMissing(HeirloomError):
    """The damage mask that the options ask for was not given."""


class PhotoRemoved(HeirloomError):
    """The chosen photo has been removed."""


class PageBusy(HeirloomError):
    """Too many requests wait."""


class PasswordMissing(HeirloomError):
    """The password that the page was to ask for was not given."""


def reported(error: Exception | str) -> str:
    """The error's message for the page, with file names but without the server's folders."""
    return _FOLDERS.sub("", str(error))
