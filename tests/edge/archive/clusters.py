"""Small clusters of Ray on this machine, and their processes."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

NODE = {"num_cpus": 1, "memory": 3_000_000_000, "object_store_memory": 100_000_000}
ACTOR = b"ray::MapWorker"


@contextmanager
def own_ray(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for whatever Ray starts meanwhile, which is ended at the end by its process ids."""
    # Not in the test's own folder: the names of sockets are short.
    folder = Path(tempfile.mkdtemp(prefix="ray-", dir="/tmp"))
    monkeypatch.setenv("RAY_TMPDIR", str(folder))
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    # Ray lets others go first: on a busy machine its workers would stand still.
    monkeypatch.setenv("RAY_worker_niceness", "0")
    try:
        yield folder
    finally:
        for pid in processes(folder):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        shutil.rmtree(folder, ignore_errors=True)


def processes(folder: Path, title: bytes = b"") -> list[int]:
    """Processes that were started with this folder of Ray's, but for this one."""
    found = []
    for place in Path("/proc").iterdir():
        if not place.name.isdigit() or int(place.name) == os.getpid():
            continue
        with suppress(OSError):
            ours = f"RAY_TMPDIR={folder}".encode() in (place / "environ").read_bytes().split(b"\0")
            if ours and (place / "cmdline").read_bytes().startswith(title):
                found.append(int(place.name))
    return found


def at_work(folder: Path) -> list[int]:
    """Actors that have a shard."""
    return [
        pid for pid in processes(folder, ACTOR) if b".submit" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]


def until(is_so: Callable[[], object], seconds: float = 120) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.1)
