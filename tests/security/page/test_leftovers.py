"""What a killed server leaves is removed by the next, and nothing else is."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from demo import leftovers

pytest.importorskip("fcntl")

HOLD = """
import sys
from demo.leftovers import own_folder
with own_folder() as folder:
    (folder / "photo.jpg").write_bytes(b"x")
    print(folder, flush=True)
    sys.stdin.read()
"""


def test_folders_of_killed_servers_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    started = [
        subprocess.Popen([sys.executable, "-c", HOLD], stdin=-1, stdout=-1, env=environment, text=True)
        for _ in range(2)
    ]
    living, killed = (Path(str(each.stdout and each.stdout.readline()).strip()) for each in started)
    started[1].kill()
    started[1].wait()
    other, starting, old = (
        tmp_path / name for name in ("photos", "heirloom-demo-new", "heirloom-demo-old")
    )
    for folder in (other, starting, old):
        folder.mkdir()
        (folder / "photo.jpg").touch()
    then = time.time() - 1000
    os.utime(old, (then, then))
    os.symlink(other, tmp_path / "heirloom-demo-link")
    (tmp_path / "heirloom-demo-file").touch()
    trap = tmp_path / "heirloom-demo-trap"
    trap.mkdir()
    os.mkfifo(trap / leftovers.LOCK)

    with leftovers.own_folder() as own:
        assert own.is_dir()
        assert (living / "photo.jpg").exists()
        assert not killed.exists()
        assert not old.exists()
        assert starting.exists()
        assert (other / "photo.jpg").exists()
        leftovers.sweep()
        assert own.is_dir()
    assert not own.exists()
    started[0].communicate("")
    assert not living.exists()


def test_a_server_that_starts_keeps_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    lock = leftovers.fcntl.flock
    sweeps = iter((leftovers.sweep,))

    def locked_after_a_sweep(file: object, how: int) -> None:
        for sweep in sweeps:
            sweep()
        lock(file, how)

    monkeypatch.setattr(leftovers.fcntl, "flock", locked_after_a_sweep)
    with leftovers.own_folder() as own:
        assert own.is_dir()
        leftovers.sweep()
        assert own.is_dir()
