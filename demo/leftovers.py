"""The server's temporary folder. A server that is killed leaves it behind, and the next one removes it."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import time

try:
    import fcntl
except ImportError:  # Windows has no such locks: there the folder of a killed server stays
    fcntl = None  # type: ignore[assignment]

PREFIX = "heirloom-demo-"

LOCK = "lock"
"""A file in the folder that its server holds a lock on for as long as it lives."""

STARTING = "starting"
"""The lock file before it is locked."""

YOUNG = 60.0
"""Seconds within which a folder without its lock file may belong to a server that is starting."""


@contextmanager
def own_folder() -> Iterator[Path]:
    """Yield a new folder for this process alone, and remove it at the end."""
    sweep()
    with tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with (folder / STARTING).open("wb") as lock:
            if fcntl is not None:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # Only now under its name: a server that starts meanwhile would take it for a dead one's.
                (folder / STARTING).rename(folder / LOCK)
            yield folder


def sweep() -> None:
    """Remove the folders of this user's servers that no longer run."""
    if fcntl is None:
        return
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            status = folder.lstat()
            if status.st_uid != os.getuid() or folder.is_symlink() or not folder.is_dir():
                continue
            if _dead(folder, time() - status.st_mtime):
                shutil.rmtree(folder, ignore_errors=True)


def _dead(folder: Path, age: float) -> bool:
    try:
        lock = os.open(folder / LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return age > YOUNG
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(lock)
    return True
