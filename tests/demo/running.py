"""The page as a user starts it: `heirloom demo` in a process of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

MAIN = """
import signal, sys
from edge.commands.main import main
# A shell that starts the tests in the background has them ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.exit(main(sys.argv[1:]))
"""


@dataclass(frozen=True)
class Page:
    """A running page."""

    url: str
    pid: int
    folder: Path
    """Where everything temporary of it lies."""
    process: subprocess.Popen[str]

    def stop(self, by: signal.Signals = signal.SIGINT) -> int:
        """End it; gives the exit status."""
        self.process.send_signal(by)
        return self.process.wait(30)

    def resident(self) -> dict[int, int]:
        """Bytes in memory of the server and of each worker, by process."""
        return {pid: _resident(pid) for pid in (self.pid, *children(self.pid))}

    def files(self) -> list[Path]:
        """What lies in its folder."""
        return [path for path in self.folder.rglob("*") if path.is_file()]


@contextmanager
def page(folder: Path, *options: str) -> Iterator[Page]:
    """Start `heirloom demo` with a temporary folder of its own."""
    folder.mkdir()
    command = [sys.executable, "-c", MAIN, "demo", *options]
    environment = os.environ | {"TMPDIR": str(folder), "COLUMNS": "200"}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stderr
        try:
            said = process.stderr.readline()
            address = re.search(r"http://127\.0\.0\.1:\d+/", said)
            assert address, said
            # Nobody would read what libraries print in the workers, which then wait.
            Thread(target=process.stderr.read, daemon=True).start()
            yield Page(address[0], process.pid, folder, process)
        finally:
            process.kill()


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]


def _resident(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0
