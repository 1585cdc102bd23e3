"""Whether a watched folder and its results can be reached: an unmounted share is no empty folder."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from edge.kiosk.queue.store import Queue

_REMOTE = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "virtiofs", "afs", "ceph", "davfs", "vboxsf"}
"""File systems that do not tell of what other computers write; also all that run as a program (FUSE)."""


class Places:
    """A watched folder and the one of its results."""

    def __init__(self, watched: Path, results: Path, queue: Queue) -> None:
        self.watched, self.results, self._queue = watched, results, queue

    def missing(self) -> str | None:
        """A sentence if one of them can't be reached now. The results' folder is made once."""
        if not self.results.is_dir() and self._queue.place(self.results) is None:
            try:
                self.results.mkdir(parents=True)
            except OSError as error:
                return f"{self.results} cannot be made: {error.strerror}."
        for folder in (self.watched, self.results):
            try:
                if not folder.is_dir():
                    return f"{folder} is not there; it is waited for: make the folder, or mount the share."
                with os.scandir(folder):
                    pass
            except OSError as error:
                return f"{folder} cannot be read ({error.strerror}); it is waited for."
            mounted, before = os.path.ismount(folder), self._queue.place(folder)
            if before and not mounted:
                return f"{folder} is not mounted, as it was before; it is waited for: mount it."
            if before is None or before != mounted:
                self._queue.note_place(folder, mounted)
        return None

    def identity(self) -> tuple[int, int] | None:
        """What the watched folder is, whatever its name: a share that was mounted over it is another."""
        try:
            found = os.stat(self.watched)
        except OSError:
            return None
        return found.st_dev, found.st_ino


def needs_polling(folder: Path) -> bool:
    """Whether a folder's file system does not tell of all changes (Linux); elsewhere it is taken to."""
    if sys.platform != "linux":
        return False
    try:
        device = os.stat(folder).st_dev
        lines = Path("/proc/self/mountinfo").read_text(errors="replace").splitlines()
    except OSError:
        return False
    wanted = f"{os.major(device)}:{os.minor(device)}"
    for line in lines:
        if line.split(" ")[2] == wanted and (found := re.search(r" - (\S+)", line)):
            return found[1] in _REMOTE or found[1].startswith("fuse")
    return False
