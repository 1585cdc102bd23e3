"""``run.json``: with what, where and for how long a run was trained, over all its sessions."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import torch

from convert.errors import TrainingError
from edge.files import read_bounded, reason_of, written_beside

SOURCE = Path(__file__).parents[2]
RUN_FILE = "run.json"
MAX_BYTES = 64 << 20
"""Of that file: a session is recorded in a few kilobytes."""


class Machine(msgspec.Struct, frozen=True):
    """Machine of a session."""

    platform: str
    cores: int
    device: str
    """The GPU's name, or the kind of device."""
    python: str
    torch: str


class Session(msgspec.Struct):
    """From a start to the next stop. Times are UTC; ``finished`` and ``seconds`` those of the last
    checkpoint, so that they hold for a session that was killed."""

    arguments: dict[str, Any]
    commit: str
    """Of git, with ``-dirty`` if files had been changed; or ``unknown``."""
    machine: Machine
    processes: int
    started: str
    finished: str
    seconds: float
    first_step: int
    steps: int
    """Steps done at its end, with those of earlier sessions."""


class RunRecord(msgspec.Struct):
    """The content of ``run.json``."""

    seed: int
    steps: int = 0
    ended: bool = False
    """Whether the cool-down is over."""
    seconds: float = 0.0
    """Of all sessions."""
    sessions: list[Session] = []


class Recorder:
    """Keeps ``run.json`` up to date during a session."""

    def __init__(
        self,
        folder: Path,
        seed: int,
        arguments: Mapping[str, Any],
        device: torch.device,
        done: int,
        processes: int,
    ) -> None:
        """Begin a session after ``done`` steps. Raises TrainingError."""
        self.path = folder / RUN_FILE
        self.record = read_run(folder) or RunRecord(seed)
        self.record.seed = seed
        self.began = time.monotonic()
        self.before = sum(session.seconds for session in self.record.sessions)
        now = _now()
        self.session = Session(
            dict(arguments), git_commit(), _machine(device), processes, now, now, 0.0, done, done
        )
        self.record.sessions.append(self.session)

    def update(self, steps: int, ended: bool) -> None:
        """Write what has become of the run after ``steps`` steps. Raises OSError."""
        self.session.finished, self.session.steps = _now(), steps
        self.session.seconds = round(time.monotonic() - self.began, 1)
        self.record.steps, self.record.ended = steps, ended
        self.record.seconds = round(self.before + self.session.seconds, 1)
        with written_beside(self.path) as out:
            out.write(msgspec.json.format(msgspec.json.encode(self.record), indent=2) + b"\n")


def read_run(folder: Path) -> RunRecord | None:
    """The record of a run's folder; None if it has none. Raises TrainingError."""
    path = folder / RUN_FILE
    try:
        return msgspec.json.decode(read_bounded(path, MAX_BYTES), type=RunRecord)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise TrainingError(
            f"{path} can't be read ({reason_of(error)}): remove it, and the run goes on."
        ) from error


def git_commit() -> str:
    """The commit of the checkout that this code lies in, or ``unknown``."""
    try:
        if Path(_git("rev-parse", "--show-toplevel")).resolve() != SOURCE.resolve():
            return "unknown"
        return _git("describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")
    except (OSError, subprocess.SubprocessError):
        return "unknown"


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(SOURCE), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout.strip()


def _machine(device: torch.device) -> Machine:
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    return Machine(
        platform.platform(), os.cpu_count() or 1, name, platform.python_version(), str(torch.__version__)
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
