"""Small programs that stand in for a device's, to fail as devices do."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest


def shell(path: Path, script: str) -> str:
    """A shell script that can be run; its path."""
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def on_path(folder: Path, monkeypatch: pytest.MonkeyPatch, **scripts: str) -> None:
    """Programs of these names come before the system's."""
    for name, script in scripts.items():
        shell(folder / name, script)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def python(path: Path, source: str) -> str:
    """A Python program that can be run; its path."""
    path.write_text(f"#!{sys.executable}\n{source}")
    path.chmod(0o755)
    return str(path)


def running(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def ends(pid: int, seconds: float = 3) -> bool:
    """Whether a process ends; a signal takes a moment."""
    deadline = time.monotonic() + seconds
    while running(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not running(pid)
