"""Folders of this computer for what is only needed for a while."""

from __future__ import annotations

import tempfile
from contextlib import AbstractContextManager
from pathlib import Path

from edge.hidden import hidden_folder


def scratch() -> AbstractContextManager[Path]:
    """A new folder, removed at the end; what killed processes have left of theirs is removed now.

    It lies where ``TMPDIR`` says. Raises `OSError` if there is no room for it.
    """
    return hidden_folder(Path(tempfile.gettempdir()) / "heirloom-archive")
