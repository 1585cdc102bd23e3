"""Tone correction: the thumbnail for the tone network, and the curves that it returns."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.integers import ceil_div
from edge.photo.bands import row_bands
from edge.restore.hue import is_flat, lightness
from edge.restore.tiles.parts import LoadedPart
from edge.restore.tiles.tiling import Box, Placement

MIN_CHANGE = 0.03
"""Curves that move the photo's own levels by less on average are not applied: such a change is within the
network's uncertainty, and a good photo must stay as it is. `heirloom evaluate held-out` shows what
other values would change: of 182 good photos 2 % at this one and none at 0.045, which would leave 21 % of
the faded ones as they are instead of 12 %."""

CURVE_GRID = 1024
"""Knots are rounded to 1/1024, so that the last bits of a float library don't decide a pixel's level."""


def set_tone(
    part: LoadedPart, pixels: NDArray[Any], small: NDArray[np.uint8], gray: bool, strength: float
) -> bool:
    """Apply the network's curves to ``pixels`` ``(H, W[, 3])`` in place, if they change enough.

    A sheet without a picture is left as it is.

    Args:
        part: The tone network.
        pixels: The photo.
        small: The photo shrunk, in 8 bits and colour.
        gray: All colours get the same change.
        strength: Share of the change that is applied, 0..1.

    Returns:
        Whether the curves were applied.
    """
    if is_flat(small):
        return False
    side = part.sizes()[0][0]
    knots = curves(part.run(Placement(Box(0, 0, side, side), 0), [thumbnail(small, side)]))
    if gray:
        knots = np.broadcast_to(knots.mean(axis=0), knots.shape)
    if change(knots, small) < MIN_CHANGE:
        return False
    if gray:
        apply_to_lightness(pixels, knots[0], strength)
    else:
        apply_curves(pixels, knots, strength)
    return True


def thumbnail(small: NDArray[np.uint8], side: int) -> NDArray[np.float32]:
    """Mean colour in each of ``side`` x ``side`` squares of the shrunk photo ``(h, w, 3)``, 0..1."""
    down, across = (_squares(length, side) for length in small.shape[:2])
    rows = np.stack([small[first:last].sum(axis=0, dtype=np.int64) for first, last in down])
    sums = np.stack([rows[:, first:last].sum(axis=1) for first, last in across], axis=1)
    high, wide = ([last - first for first, last in squares] for squares in (down, across))
    mean: NDArray[np.float64] = sums / np.outer(high, wide)[..., None]
    return (mean / 255).astype(np.float32)


def _squares(length: int, side: int) -> list[tuple[int, int]]:
    """The first pixel of an axis that each of ``side`` squares averages, and the one after its last.

    Squares overlap by a pixel where the length is not a multiple, and more where it is too short.
    """
    return [(step * length // side, ceil_div((step + 1) * length, side)) for step in range(side)]


def curves(steps: NDArray[Any]) -> NDArray[np.float64]:
    """Knots ``(3, n)`` at equal distances from black to white, from the network's steps.

    Step 0 is the value at black, later ones are rises; negative rises count as none. Knots may lie
    outside 0..1: a curve is clipped between its knots, as in training, and not at them.
    """
    rises = steps.astype(np.float64)
    rises[:, 1:] = np.maximum(rises[:, 1:], 0)
    knots: NDArray[np.float64] = np.round(rises.cumsum(1) * CURVE_GRID) / CURVE_GRID
    return knots


def change(knots: NDArray[np.float64], small: NDArray[np.uint8]) -> float:
    """The mean change of the photo's levels by the curves, over pixels and colours, 0..1."""
    levels = np.arange(256) / 255
    moved = [np.abs(_curve(knots[c], levels) - levels)[small[..., c]].mean() for c in range(3)]
    return float(np.mean(moved))


def apply_curves(pixels: NDArray[Any], knots: NDArray[np.float64], strength: float) -> None:
    """Apply the curves to the colours of ``pixels`` ``(H, W, 3)``, in place."""
    for colour, curve in enumerate(knots):
        lookup = _lookup(curve, pixels.dtype, strength)
        for rows in row_bands(*pixels.shape[:2]):
            band = pixels[rows, :, colour]
            band[...] = lookup[band]


def apply_to_lightness(pixels: NDArray[Any], curve: NDArray[np.float64], strength: float) -> None:
    """Move the lightness of ``pixels`` ``(H, W[, 3])`` along a curve, knots ``(n,)``, in place.

    All colours of a pixel change by the same number of levels, so that a photo of one hue keeps it.
    """
    lookup = _lookup(curve, pixels.dtype, strength).astype(np.int32)
    change = lookup - np.arange(lookup.size, dtype=np.int32)
    top = lookup.size - 1
    for rows in row_bands(*pixels.shape[:2]):
        band = pixels[rows]
        moved = change[band if band.ndim == 2 else lightness(band)]
        band[...] = np.clip(band + (moved if band.ndim == 2 else moved[..., None]), 0, top)


def _lookup(curve: NDArray[np.float64], dtype: np.dtype[Any], strength: float) -> NDArray[Any]:
    """The new level of each level."""
    top = np.iinfo(dtype).max
    levels = np.arange(top + 1) / top
    moved = levels + strength * (_curve(curve, levels) - levels)
    return np.round(moved * top).astype(dtype)


def _curve(knots: NDArray[np.float64], levels: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.clip(np.interp(levels, np.linspace(0, 1, knots.size), knots), 0, 1)
