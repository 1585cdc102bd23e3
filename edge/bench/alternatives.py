"""The whole command compared with what a user could take instead, in turns on the same photo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
from PIL import Image

from edge.bench.alternative import Task
from edge.bench.networks import Spread, restore_once, run_once, spread
from edge.bench.quality import psnr
from edge.bench.worker import Run
from edge.bundle.bundle import Bundle
from edge.photo.photo import read_photo
from edge.restore.restorer import Restorer

OURS = "heirloom"


@dataclass(frozen=True)
class Measured:
    """The measurements of one way to restore the photo, each in a process of its own."""

    name: str
    seconds: Spread
    """The whole process: start, loading, reading, restoring and writing."""
    ratio: Spread
    """Seconds over those of Heirloom, of one round."""
    peak_mb: Spread | None
    """Peak resident memory in units of 10**6 bytes; None where the system doesn't report it."""
    psnr: float | None
    """dB against the clean picture; None without one."""


@dataclass(frozen=True)
class Contest:
    """Heirloom in INT8, and the others."""

    damage: float
    """Share of the photo that our detector marks, 0..1: what the others inpaint."""
    psnr: float | None
    """Of the photo as it is; None without a clean picture."""
    measured: list[Measured]


def compare_alternatives(
    bundle: Bundle,
    photo: Path,
    names: Sequence[str],
    weights: Path | None,
    threads: int,
    runs: int,
    folder: Path,
    truth: Path | None = None,
) -> Contest:
    """Restore ``photo`` with the bundle in INT8 and with each alternative, round by round.

    The damage mask is made once, before the rounds: its time is part of Heirloom's only.

    Args:
        bundle: An opened bundle.
        photo: A photo that the alternatives read, too.
        names: Names of alternatives; see `edge.bench.alternative`.
        weights: The checkpoint of those that need one.
        threads: CPU threads of each.
        runs: Rounds.
        folder: An empty folder for the results.
        truth: The clean picture, as large as the photo.

    Raises:
        HeirloomError: One of them fails, or the clean picture has another size.
    """
    as_is = psnr(photo, truth) if truth else None
    mask, share = _write_mask(bundle, photo, threads, folder / "mask.png")
    attempts: dict[str, list[dict[str, Any]]] = {name: [] for name in (OURS, *names)}
    results: dict[str, Path] = {}
    for _ in range(runs):
        # The others first: what they lack shows before anything long has run.
        for name in names:
            results[name] = folder / f"{name}{photo.suffix}"
            given = str(weights or "")
            task = Task(name, str(photo), str(mask or ""), str(results[name]), threads, given)
            attempts[name].append(run_once("edge.bench.alternative", task))
        # In a new folder: a photo whose result is there would not be restored again.
        own = Run(str(photo), threads, bundle=str(bundle.folder.resolve()), output=mkdtemp(dir=folder))
        attempts[OURS].append(restore_once(own))
        results[OURS] = Path(attempts[OURS][-1]["result"])
    ours = attempts[OURS]
    found = [
        _measured(name, tries, ours, psnr(results[name], truth) if truth else None)
        for name, tries in attempts.items()
    ]
    return Contest(share, as_is, found)


def _measured(
    name: str, tries: list[dict[str, Any]], ours: list[dict[str, Any]], decibels: float | None
) -> Measured:
    peaks = [attempt["peak"] / 1e6 for attempt in tries if attempt["peak"] is not None]
    seconds = [attempt["seconds"] for attempt in tries]
    ratios = [taken / own["seconds"] for taken, own in zip(seconds, ours, strict=True)]
    return Measured(name, spread(seconds), spread(ratios), spread(peaks) if peaks else None, decibels)


def _write_mask(bundle: Bundle, photo: Path, threads: int, path: Path) -> tuple[Path | None, float]:
    """Write the damage that our detector finds, white, as large as the photo; None if there is none."""
    picture = read_photo(photo)
    damage = Restorer(bundle, threads=threads).find_damage(picture)
    if damage is None:
        return None, 0.0
    height, width = picture.pixels.shape[:2]
    marked = damage.rows(0, height, (height, width))
    Image.fromarray(marked.astype(np.uint8) * 255).save(path)
    return path, damage.share
