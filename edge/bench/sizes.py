"""The whole command at several sizes, and the straight line through its seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from edge.bench.made_up_photo import four_to_three, write_test_photo
from edge.bench.networks import CommandResult, command_result, restore_once
from edge.bench.worker import Run
from edge.bundle.bundle import Bundle
from edge.bundle.manifest import Precision

LEAST = 3
"""Sizes for a line: it would pass through two exactly."""


@dataclass(frozen=True)
class SizeResult:
    """The whole command at one size."""

    megapixels: float
    """Of the photo as it was written: width times height / 10**6."""
    command: CommandResult


@dataclass(frozen=True)
class Line:
    """Least squares through the medians: seconds = ``fixed`` + ``per_megapixel`` * megapixels."""

    fixed: float
    per_megapixel: float
    r_squared: float
    """Share of the seconds' variance that the line explains; 1 is a straight line."""

    def seconds(self, megapixels: float) -> float:
        """What the line says of a size."""
        return self.fixed + self.per_megapixel * megapixels


@dataclass(frozen=True)
class Scaling:
    """Seconds against pixels; ``sizes`` in increasing order."""

    sizes: list[SizeResult]
    networks: Line
    command: Line


def bench_sizes(
    bundle: Bundle,
    megapixels: Sequence[float],
    precision: Precision,
    threads: int,
    runs: int,
    folder: Path,
    runtime: str | None = None,
    scratches: Literal["auto", "off"] = "auto",
) -> Scaling:
    """Restore made-up photos of these sizes, all of them in each round, each in a new process.

    Args:
        bundle: An opened bundle.
        megapixels: At least `LEAST` different sizes.
        precision: Precision of the networks.
        threads: CPU threads of the networks.
        runs: Rounds.
        folder: An empty folder for the photos.
        runtime: Name of a runtime; None: the first that is installed.
        scratches: Whether damage is found and filled.

    Raises:
        HeirloomError: A restoration fails.
    """
    photos = {}
    for number, size in enumerate(sorted(set(megapixels))):
        path = folder / f"{number}.jpg"
        width, height = four_to_three(size)
        write_test_photo(path, (width, height))
        photos[path] = width * height / 1e6
    tries: dict[Path, list[dict[str, Any]]] = {path: [] for path in photos}
    for _ in range(runs):
        for path, attempts in tries.items():
            task = Run(
                str(path),
                threads,
                scratches,
                bundle=str(bundle.folder.resolve()),
                precision=precision,
                runtime=runtime,
            )
            attempts.append(restore_once(task))
    sizes = [
        SizeResult(size, command_result(precision, tries[path], size)) for path, size in photos.items()
    ]
    across = [size.megapixels for size in sizes]
    return Scaling(
        sizes,
        straight_line(across, [size.command.networks.median for size in sizes]),
        straight_line(across, [size.command.seconds.median for size in sizes]),
    )


def straight_line(megapixels: Sequence[float], seconds: Sequence[float]) -> Line:
    """The line with the least squares of what it misses in ``seconds``."""
    slope, fixed = np.polyfit(megapixels, seconds, 1)
    missed = np.asarray(seconds) - (fixed + slope * np.asarray(megapixels))
    spread = np.asarray(seconds) - np.mean(seconds)
    squares = float(np.square(spread).sum())
    explained = 1 - float(np.square(missed).sum()) / squares if squares else 1.0
    return Line(float(fixed), float(slope), explained)
