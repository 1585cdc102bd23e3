"""Where sessions lie: in memory where the system has a place for that, so that nothing reaches the disk."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from edge.errors import HeirloomError

SHARED_MEMORY = Path("/dev/shm")
_NAME = "heirloom-kiosk"


class NoPlace(HeirloomError):
    """Sessions can be kept nowhere."""


def sessions_folder(wanted: Path | None, state: Path) -> Path:
    """The folder for sessions, readable by this user alone.

    Args:
        wanted: As configured; None: the service's runtime folder, or shared memory, or else ``state``.
        state: The state folder.

    Raises:
        NoPlace: None of them can be used.
    """
    for folder in [wanted] if wanted else _candidates(state):
        with suppress(OSError):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            found = folder.lstat()
            # In shared memory another user may have made it, or a link to elsewhere, before us.
            if stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid():
                folder.chmod(0o700)
                return folder
    raise NoPlace(
        f"Visitors' photos can be kept nowhere: make {wanted or state} a folder of this user, "
        "or name another as privacy.sessions."
    )


def _candidates(state: Path) -> Iterator[Path]:
    # systemd names its RuntimeDirectory so, which is in memory.
    if given := os.environ.get("RUNTIME_DIRECTORY"):
        yield Path(given.split(":")[0]) / "sessions"
    if SHARED_MEMORY.is_dir():
        yield SHARED_MEMORY / f"{_NAME}-{os.getuid()}"
    yield state / "sessions"
