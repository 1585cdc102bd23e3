"""Tone: the thumbnail that the tone network sees, and the curves that it returns."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

LEAST_CHANGE = 0.03
"""Curves that on average move the photo's own levels by less are not applied: what is left of them is the
network's uncertainty, and a good photo must come out as it went in. `heirloom held-out` shows what other
values would change: of 83 good photos 1 % at this one and none at 0.045, which would leave 42 % of the
faded ones as they are instead of 23 %."""

CURVE_GRID = 1024
"""Knots are rounded to 1/1024, so that the last bits of a float library don't decide a pixel's level."""


def thumbnail(
    small: NDArray[np.uint8], damaged: NDArray[np.bool_] | None, side: int
) -> NDArray[np.float32]:
    """Mean colour of the undamaged pixels in each of ``side`` x ``side`` squares, 0..1.

    ``small`` is the shrunk photo ``(h, w, 3)``. A square that is all damage gets the photo's mean.
    """
    down, across = (_squares(length, side) for length in small.shape[:2])
    weights = np.ones(small.shape[:2])
    if damaged is not None and not damaged.all():
        weights = (~damaged).astype(np.float64)
    counts = down @ weights @ across.T
    planes = []
    for colour in range(3):
        # Exact whatever the order of the sums: they are integers below 2**53.
        values = small[..., colour] * weights
        sums = down @ values @ across.T
        overall = values.sum() / weights.sum()
        planes.append(np.where(counts > 0, sums / np.maximum(counts, 1), overall))
    return (np.stack(planes, axis=-1) / 255).astype(np.float32)


def _squares(length: int, side: int) -> NDArray[np.float64]:
    """Which pixels of an axis each of ``side`` squares takes, ``(side, length)`` of 0 and 1.

    Squares overlap by a pixel where the length is not a multiple, and more where it is too short.
    """
    step, pixel = np.arange(side)[:, None], np.arange(length)
    inside = (pixel >= step * length // side) & (pixel < -(-(step + 1) * length // side))
    return inside.astype(np.float64)


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
    """By how much the curves would move the photo's levels, on average over pixels and colours, 0..1."""
    levels = np.arange(256) / 255
    moved = [np.abs(_curve(knots[c], levels) - levels)[small[..., c]].mean() for c in range(3)]
    return float(np.mean(moved))


def apply_curves(pixels: NDArray[Any], knots: NDArray[np.float64], strength: float) -> None:
    """Send ``pixels`` ``(H, W[, 3])`` through the curves, in place; gray ones through the mean."""
    top = np.iinfo(pixels.dtype).max
    levels = np.arange(top + 1) / top
    planes = [pixels] if pixels.ndim == 2 else [pixels[..., c] for c in range(3)]
    knots = knots.mean(0, keepdims=True) if pixels.ndim == 2 else knots
    for plane, curve in zip(planes, knots, strict=True):
        moved = levels + strength * (_curve(curve, levels) - levels)
        lookup = np.round(moved * top).astype(pixels.dtype)
        for row in range(0, plane.shape[0], 256):
            plane[row : row + 256] = lookup[plane[row : row + 256]]


def _curve(knots: NDArray[np.float64], levels: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.clip(np.interp(levels, np.linspace(0, 1, knots.size), knots), 0, 1)
