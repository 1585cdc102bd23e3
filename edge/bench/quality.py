"""How near a result is to the clean photo."""

from __future__ import annotations

from math import log10
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.errors import OptionRefused
from edge.photo.photo import read_photo

CAP = 100.0
"""dB that stand for a picture without any difference."""
ROWS = 256
"""Rows that are compared at a time."""


def psnr(picture: Path, truth: Path) -> float:
    """PSNR of a picture in dB against the clean one, over the levels of sRGB's channels; at most `CAP`.

    Gray counts as three equal channels. Raises PhotoError, or OptionRefused where the sizes differ.
    """
    one, other = read_photo(picture).pixels, read_photo(truth).pixels
    if one.shape[:2] != other.shape[:2]:
        raise OptionRefused(
            f"{truth} has {other.shape[1]}x{other.shape[0]} pixels and {picture} {one.shape[1]}x"
            f"{one.shape[0]}: give the clean picture in the photo's own size."
        )
    height, width = one.shape[:2]
    squares = sum(
        float(np.square(_levels(one[top : top + ROWS]) - _levels(other[top : top + ROWS])).sum())
        for top in range(0, height, ROWS)
    )
    return min(CAP, -10 * log10(squares / (3 * height * width))) if squares else CAP


def _levels(pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> NDArray[np.float64]:
    """Rows as ``(h, w, 3)`` in 0..1."""
    levels = pixels / np.iinfo(pixels.dtype).max
    return np.repeat(levels[..., None], 3, axis=2) if levels.ndim == 2 else levels
