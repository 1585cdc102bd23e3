"""Files that stand still: a copy is taken when it is whole, which only its standing still can tell."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic
from typing import NamedTuple

EMPTY_SECONDS = 60.0
"""An empty file stands still for so long: scanners make one before they scan."""

_TEMPORARY = re.compile(
    r"[.~].*|.*(~|\.(part|partial|filepart|tmp|temp|crdownload|download|opdownload|aria2|swp|lock|!ut|!qb))",
    re.IGNORECASE,
)


class Stamp(NamedTuple):
    """What changes while a file is written."""

    size: int
    """In bytes."""
    mtime: int
    """In nanoseconds."""
    file: int
    """Its number on its disk: a file put in its place has another."""


def is_temporary(name: str) -> bool:
    """Whether scanners and programs that copy name files so until they are whole; hidden files too."""
    return _TEMPORARY.fullmatch(name) is not None


def stamp_of(path: Path) -> Stamp | None:
    """The stamp of a file; None for links, pipes, devices, folders, and what is gone."""
    try:
        found = os.stat(path, follow_symlinks=False)
    except OSError:
        return None
    if not stat.S_ISREG(found.st_mode):
        return None
    return Stamp(found.st_size, found.st_mtime_ns, found.st_ino)


class Settling:
    """Files that were seen and may still be written."""

    def __init__(self, seconds: float, clock: Callable[[], float] = monotonic) -> None:
        """``seconds`` is how long a file stands still; ``clock`` never jumps."""
        self._seconds, self._clock = seconds, clock
        self._seen: dict[Path, tuple[Stamp, float]] = {}

    def __len__(self) -> int:
        return len(self._seen)

    def see(self, path: Path) -> None:
        """A file is there, or has changed."""
        stamp = stamp_of(path)
        if stamp is None:
            self._seen.pop(path, None)
        elif path not in self._seen or self._seen[path][0] != stamp:
            self._seen[path] = (stamp, self._clock())

    def settled(self) -> Iterator[tuple[Path, Stamp]]:
        """The files that have stood still since they were seen first, which are forgotten."""
        now = self._clock()
        for path, (stamp, since) in list(self._seen.items()):
            if now - since < (self._seconds if stamp.size else max(self._seconds, EMPTY_SECONDS)):
                continue
            if stamp_of(path) == stamp:
                del self._seen[path]
                yield path, stamp
            else:
                self.see(path)
