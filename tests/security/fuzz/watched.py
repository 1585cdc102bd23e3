"""The oracle: what an input may not do, watched while it is read.

Allowed is an error of the product's family in one sentence, or a result. A finding is any other exception,
a file written, moved or removed outside the input's own folder, a process started, a connection, or more
memory than the limit.
"""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path
from typing import Any

from edge import memory
from edge.errors import HeirloomError

MEMORY = 300 << 20
"""What reading may take beyond what the process has, in bytes."""
SLACK = 50 << 20
CHANGES = (
    *("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate"),
    *("os.chmod", "os.chown", "os.utime", "os.mkfifo", "os.mknod"),
)
PROCESSES = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "socket.connect")


class Watch:
    """Runs a reader on inputs, one after the other, in ``folder`` alone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seen: list[str] = []
        self.on = False
        memory.reset_peak()
        self.most = (memory.peak() or 0) + MEMORY
        sys.addaudithook(self._audit)

    def problem(self, reader: Any, path: Path, output: Path) -> tuple[str, str]:
        """``read`` or ``refused`` and nothing; or the name of what went wrong and its description."""
        self.seen.clear()
        self.on = True
        outcome, told = "read", ""
        try:
            reader(path, output)
        except HeirloomError as error:
            outcome = "refused"
            if not str(error).isprintable() or len(str(error)) > 1000:
                outcome, told = "sentence", str(error)
        except BaseException as error:
            frame = traceback.extract_tb(error.__traceback__)[-1]
            outcome = f"{type(error).__name__} {Path(frame.filename).name}:{frame.lineno}"
            told = traceback.format_exc()
        finally:
            self.on = False
        if self.seen:
            return self.seen[0].split(" ")[0], "\n".join(self.seen)
        peak = memory.peak() or 0
        if peak > self.most + SLACK:
            memory.reset_peak()
            return "memory", f"{peak >> 20} MB, and {self.most >> 20} are allowed"
        return outcome, told

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.on:
            return
        if event == "open":
            path, mode, flags = arguments
            writes = (
                any(letter in mode for letter in "wax+")
                if isinstance(mode, str)
                else bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
            )
            if writes:
                self._check(event, path)
        elif event in CHANGES:
            for path in arguments[:2] if event in ("os.rename", "os.link") else arguments[:1]:
                self._check(event, path)
        elif event in PROCESSES:
            self.seen.append(f"{event} {arguments[:2]!r}"[:300])

    def _check(self, event: str, path: Any) -> None:
        if isinstance(path, int):
            return
        name = os.path.join(os.getcwd(), os.fsdecode(path))
        real = os.path.join(os.path.realpath(os.path.dirname(name)), os.path.basename(name))
        allowed = (str(self.folder) + os.sep, "/dev/null", "/proc/self/")
        if not real.startswith(allowed) and real != str(self.folder):
            self.seen.append(f"{event} {name}"[:300])
