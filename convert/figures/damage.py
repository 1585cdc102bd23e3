"""Figures of damage: PSNR inside and outside it, and ROC figures of a detector."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

GAINS = (0.5, 2.0)
"""The least and the largest gain of a tone fit."""
MIN_ERROR = 1e-9
"""Mean squared error of pictures that count as equal: 90 dB."""
LEVELS = 256
BLOCK = 8
"""Side in pixels of the blocks that :func:`worst_block` looks at."""


@dataclass(frozen=True)
class RegionPsnr:
    """PSNR in dB of a picture: of all its pixels, of the damaged ones, and of the intact ones."""

    whole: float
    inside: float
    outside: float

    def minus(self, other: RegionPsnr) -> RegionPsnr:
        """The differences, each in dB."""
        return RegionPsnr(
            self.whole - other.whole, self.inside - other.inside, self.outside - other.outside
        )


def fit_tone(
    picture: NDArray[np.uint8], clean: NDArray[np.uint8], where: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """``picture`` in 0..1, each channel moved by the gain and offset that bring it nearest to ``clean``.

    Both are found by least squares at the pixels ``where`` ``(H, W)``; the gain is kept within ``GAINS``.
    Pictures are ``(H, W, 3)``; the result may leave 0..1.
    """
    fitted = picture / 255.0
    for channel in range(3):
        given, wanted = fitted[..., channel][where], clean[..., channel][where] / 255.0
        together = np.mean((given - given.mean()) * (wanted - wanted.mean()))
        gain = np.clip(together / max(given.var(), MIN_ERROR), *GAINS)
        fitted[..., channel] = (fitted[..., channel] - given.mean()) * gain + wanted.mean()
    return fitted


def region_psnr(
    picture: NDArray[np.uint8], clean: NDArray[np.uint8], mask: NDArray[np.bool_]
) -> RegionPsnr:
    """PSNR of ``picture`` against ``clean``, both ``(H, W, 3)``, with its tone fitted outside the damage.

    ``mask`` ``(H, W)`` is True on damage; it must hold damaged and intact pixels.
    """
    fitted = fit_tone(picture, clean, ~mask).clip(0, 1)
    errors = ((fitted - clean / 255.0) ** 2).mean(axis=2)
    return RegionPsnr(*(_decibels(errors[pixels].mean()) for pixels in (..., mask, ~mask)))


def mean_psnr(rows: list[RegionPsnr]) -> RegionPsnr:
    """The mean over pictures, in dB."""
    means = np.mean([(row.whole, row.inside, row.outside) for row in rows], axis=0)
    return RegionPsnr(*(float(mean) for mean in means))


def count_levels(levels: NDArray[np.uint8], truth: NDArray[np.bool_]) -> NDArray[np.int64]:
    """How many intact (row 0) and damaged pixels (row 1) have each level: ``(2, 256)``.

    Counts of several pictures add up to those of all their pixels.
    """
    return np.stack([np.bincount(levels[chosen], minlength=LEVELS) for chosen in (~truth, truth)])


def area_of_counts(counts: NDArray[np.int64]) -> float:
    """Area under the ROC curve: how often a damaged pixel has a higher level than an intact one.

    ``counts`` as :func:`count_levels` gives them; equal levels count half.
    """
    intact, damaged = counts.astype(np.float64)
    won = damaged @ (intact.cumsum() - intact / 2)
    return float(won / max(1.0, intact.sum() * damaged.sum()))


def recall_at(counts: NDArray[np.int64], precision: float) -> float:
    """The largest recall of any threshold whose precision is at least ``precision``; 0 if there is none."""
    intact, damaged = counts[:, ::-1].cumsum(axis=1)
    enough = damaged >= precision * np.maximum(1, intact + damaged)
    return float(damaged[enough].max(initial=0) / max(1, damaged[-1]))


def worst_block(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> float:
    """The largest mean absolute change of any 8x8 block, in levels: mean over its pixels and channels.

    Pictures are ``(H, W, 3)``. Blocks lie side by side from the upper left; the last ones end at the border
    and overlap their neighbours. A side below 8 pixels makes blocks as narrow.
    """
    change = np.abs(after.astype(np.int64) - before).mean(axis=2)
    for axis in (0, 1):
        side = min(BLOCK, change.shape[axis])
        starts = np.append(np.arange(0, change.shape[axis] - side, side), change.shape[axis] - side)
        change = np.take(change, starts[:, None] + np.arange(side), axis).mean(axis + 1)
    return float(change.max())


def _decibels(error: Any) -> float:
    return float(10 * np.log10(1 / max(error, MIN_ERROR)))
