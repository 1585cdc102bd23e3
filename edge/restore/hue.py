"""Hue: the lightness of a pixel, and whether a photo is gray or toned in one hue (sepia, cyanotype)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

LUMA = (77, 150, 29)
"""Weights of red, green and blue in lightness, in 256ths."""

TOLERANCE = 10
"""Levels by which red and blue may differ from what is usual at a pixel's lightness, relative to green."""

SHARE = 0.98
"""Share of pixels within the tolerance in a photo of one hue: 88 % of 279 old photographs reach it, and 3 %
of 229 photographs in colour, black-and-white ones among them."""

FLAT = 8
"""Levels by which the lightness of a sheet without a picture may differ from its mean, noise included."""

_BINS = 32


def lightness(pixels: NDArray[Any]) -> NDArray[Any]:
    """Lightness of colour pixels ``(..., 3)`` in their own levels, rounded."""
    red, green, blue = (pixels[..., c].astype(np.uint32) * LUMA[c] for c in range(3))
    return ((red + green + blue + 128) >> 8).astype(pixels.dtype)


def one_hue(small: NDArray[np.uint8]) -> bool:
    """Whether a shrunk photo ``(h, w, 3)`` has one hue: its colour depends on its lightness alone.

    Integers only, so that every platform decides alike.
    """
    colours = small.reshape(-1, 3).astype(np.int32)
    bins = lightness(small).reshape(-1) // (256 // _BINS)
    counts = np.bincount(bins, minlength=_BINS)
    within = np.ones(len(colours), np.bool_)
    for colour in (0, 2):
        difference = colours[:, colour] - colours[:, 1]
        sums = np.bincount(bins, difference, _BINS).astype(np.int64)
        usual = sums // np.maximum(counts, 1)
        within &= np.abs(difference - usual[bins]) <= TOLERANCE
    return bool(within.sum() >= SHARE * within.size)


def is_flat(small: NDArray[np.uint8]) -> bool:
    """Whether a shrunk photo ``(h, w, 3)`` is a sheet without a picture, whose tone nothing tells.

    Such are blank pages and backs of photos: `SHARE` of their pixels have much the same lightness, while of
    16 old photos none has more than 0.29. Integers only, so that every platform decides alike.
    """
    levels = lightness(small).astype(np.int64)
    within = np.abs(levels - levels.sum() // levels.size) <= FLAT
    return bool(within.sum() >= SHARE * within.size)
