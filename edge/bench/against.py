"""The mobile networks compared with the published networks, in turns on the same photo."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from edge.bench.networks import Spread, restore_once, spread
from edge.bench.worker import Run
from edge.bundle.bundle import Bundle


@dataclass(frozen=True)
class Side:
    """The measurements of one side, each run in a process of its own."""

    seconds: Spread
    """The whole command: start, loading, reading, restoring and writing."""
    restoring: Spread
    """Restoring alone, including loading the networks."""
    peak_mb: Spread | None


@dataclass(frozen=True)
class Comparison:
    """Both sides on one photo. A ratio is the reference's time over the mobile networks', of one round."""

    scratches: bool
    """Whether damage is detected and filled."""
    mobile: Side
    reference: Side
    restoring_ratio: Spread
    seconds_ratio: Spread


def compare(bundle: Bundle, weights: Path | None, photo: Path, threads: int, runs: int) -> list[Comparison]:
    """Restore ``photo`` with the bundle in INT8, and with the published networks (preset ``published``).

    ``weights`` None: random weights of the published widths, which take the same time. Raises
    HeirloomError.
    """
    found = []
    for scratches in (False, True):
        mode: Literal["auto", "off"] = "auto" if scratches else "off"
        tasks = [
            Run(str(photo.resolve()), threads, mode, bundle=str(bundle.folder.resolve())),
            Run(str(photo.resolve()), threads, mode, reference=True, weights=str(weights or "")),
        ]
        mobile, reference = zip(*([restore_once(task) for task in tasks] for _ in range(runs)), strict=True)
        ratios = {
            key: spread([slow[key] / fast[key] for slow, fast in zip(reference, mobile, strict=True)])
            for key in ("restoring", "seconds")
        }
        sides = _side(mobile), _side(reference)
        found.append(Comparison(scratches, *sides, ratios["restoring"], ratios["seconds"]))
    return found


def _side(tries: tuple[dict[str, Any], ...]) -> Side:
    peaks = [attempt["peak"] / 1e6 for attempt in tries if attempt["peak"] is not None]
    return Side(
        spread([attempt["seconds"] for attempt in tries]),
        spread([attempt["restoring"] for attempt in tries]),
        spread(peaks) if peaks else None,
    )
