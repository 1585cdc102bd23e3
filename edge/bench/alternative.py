"""A process that restores one photo with what a user could take instead, and prints a line of JSON.

``python -m edge.bench.alternative TASK``, where TASK is a `Task` as JSON. Alternatives need large
libraries, so they are entry points of the group ``heirloom.alternatives``, loaded here alone: functions
``open_alternative(weights, threads)`` that return an `Alternative`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path

import msgspec

from edge import memory
from edge.errors import HeirloomError, MissingExtra, install_hint

Alternative = Callable[[Path, Path | None, Path], None]
"""Reads a photo, restores it with a mask of its damage (white is damaged) or without, writes a file.

Raises HeirloomError.
"""


@dataclass(frozen=True)
class Task:
    """A photo, and what to restore it with. ``mask`` and ``weights`` are paths, or empty."""

    name: str
    photo: str
    mask: str
    output: str
    threads: int
    weights: str


def load(name: str, weights: Path | None, threads: int) -> Alternative:
    """The alternative of that name, ready to run.

    Raises:
        MissingExtra: Its packages are not installed, or it was not known when Heirloom was installed.
        HeirloomError: The weights can't be used.
    """
    found = entry_points(group="heirloom.alternatives", name=name)
    if not found:
        raise MissingExtra(f"Heirloom was installed before {name} was added: {install_hint('convert')}.")
    (entry,) = found
    try:
        opened = entry.load()
    except ImportError as error:
        raise MissingExtra(
            f"Comparing with {name} needs packages that are not installed ({error}): "
            f"{install_hint('convert')}."
        ) from error
    alternative: Alternative = opened(weights, threads)
    return alternative


def main(text: str) -> None:
    """Restore the photo and print the peak memory."""
    task = msgspec.json.decode(text, type=Task)
    try:
        restore = load(task.name, Path(task.weights) if task.weights else None, task.threads)
        restore(Path(task.photo), Path(task.mask) if task.mask else None, Path(task.output))
    except HeirloomError as error:
        sys.exit(str(error))
    sys.stdout.write(json.dumps({"peak": memory.peak()}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
