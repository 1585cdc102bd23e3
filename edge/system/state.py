"""What Heirloom remembers for a user between two commands, in a folder that only the user may write to."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import suppress
from pathlib import Path


def state_folder() -> Path:
    """The user's folder of state; it may be missing."""
    if state := os.environ.get("XDG_STATE_HOME"):
        base = Path(state)
    elif sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or os.path.expanduser("~"))
    else:
        base = Path(os.path.expanduser("~"), ".local", "state")
    return base / "heirloom"


def remember(kind: str, name: str) -> None:
    """Leave a mark for later commands; where none can be left, they do without.

    Args:
        kind: The folder of marks of one kind.
        name: A file's name, such as a digest.
    """
    with suppress(OSError):
        folder = state_folder() / kind
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if _private(folder.lstat(), stat.S_IFDIR):
            flags = os.O_CREAT | os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0)
            os.close(os.open(folder / name, flags, 0o600))


def remembers(kind: str, name: str) -> bool:
    """Whether there is such a mark, and nobody but the user can have left it."""
    with suppress(OSError):
        folder = state_folder() / kind
        return _private(folder.lstat(), stat.S_IFDIR) and _private((folder / name).lstat(), stat.S_IFREG)
    return False


def _private(found: os.stat_result, kind: int) -> bool:
    """Whether this is no link, the user's own, and nobody else may write to it."""
    if stat.S_IFMT(found.st_mode) != kind:
        return False
    if not hasattr(os, "geteuid"):  # Windows: the folder lies in the user's profile
        return True
    return found.st_uid == os.geteuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
