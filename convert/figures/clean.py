"""Figures of photos without damage: share marked as damaged, and change by restoring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from convert.figures.damage import worst_block
from convert.figures.pairs import colour_levels
from convert.proof.gate import psnr
from edge.photo.photo import read_photo
from edge.restore.restorer import Restorer


@dataclass(frozen=True)
class CleanScore:
    """Figures of one photo."""

    name: str
    marked: float
    """Share of its pixels in the damage mask, 0..1."""
    psnr: float
    """dB of the output against the input."""
    worst_block: float
    """Largest mean absolute change of an 8x8 block, in levels of 0..255."""


@dataclass(frozen=True)
class CleanSummary:
    """The same over several photos."""

    photos: int
    mean_marked: float
    max_marked: float
    mean_psnr: float
    worst_psnr: float
    worst_block: float


def score_clean(restorer: Restorer, path: Path) -> CleanScore:
    """Restore the photo ``path`` and compare it with itself. Raises PhotoError."""
    photo = read_photo(path)
    before = colour_levels(photo)
    restored = restorer.restore(photo)
    after = colour_levels(restored.photo)
    return CleanScore(
        name=path.name,
        marked=0.0 if restored.damage is None else restored.damage.share,
        psnr=psnr(before, after, 255),
        worst_block=worst_block(before, after),
    )


def summary(scores: Sequence[CleanScore]) -> CleanSummary:
    """Means and worst values over at least one photo."""
    return CleanSummary(
        photos=len(scores),
        mean_marked=float(np.mean([score.marked for score in scores])),
        max_marked=max(score.marked for score in scores),
        mean_psnr=float(np.mean([score.psnr for score in scores])),
        worst_psnr=min(score.psnr for score in scores),
        worst_block=max(score.worst_block for score in scores),
    )
