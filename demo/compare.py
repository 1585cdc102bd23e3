"""The difference between two restorations of a photo: in dB, in levels, and its worst square."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.proof.gate import CAP
from edge.photo.bands import Pixels
from edge.restore.tiles.tiling import Box

TILE = 64
"""Side in pixels of the squares among which the worst is found."""

SCALES = (4, 8, 16, 32, 64, 128, 255)
"""Levels at the bright end of a colour scale: the smallest that covers nearly all of the difference."""

CLIPPED = 0.001
"""Share of the picture that may exceed the scale."""

# Dark to bright, also when printed in gray (matplotlib's inferno at five places).
_COLOURS = np.array([(0, 0, 4), (87, 16, 110), (188, 55, 84), (249, 142, 9), (252, 255, 164)], np.float32)


@dataclass(frozen=True)
class Difference:
    """The difference between two pictures of one size, in levels of 8 bits whatever their depth."""

    psnr: float
    """dB; at most `CAP`."""
    worst: Box
    """The square of `TILE` pixels, or what of it lies in the picture, with the largest squared error."""
    worst_psnr: float
    levels: NDArray[np.float32]
    """``(h, w)``: the largest difference in each block of ``factor`` pixels, of any colour."""
    scale: int
    """One of `SCALES`."""


def difference(left: Pixels, right: Pixels, factor: int) -> Difference:
    """Compare pictures ``(H, W[, 3])`` of one size band by band, so that mapped arrays need no memory.

    Args:
        left: Gray or colour, 8 or 16 bits.
        right: As ``left``; depth and colours may differ.
        factor: Side in pixels of the blocks of the returned levels.

    Raises:
        ValueError: The sizes differ.
    """
    if left.shape[:2] != right.shape[:2]:
        raise ValueError(f"pictures of {left.shape[:2]} and {right.shape[:2]} can't be compared")
    height, width = left.shape[:2]
    maps, sums = [], []
    for top in range(0, height, TILE * factor):
        rows = slice(top, min(top + TILE * factor, height))
        change = np.abs(_levels(left[rows]) - _levels(right[rows]))
        maps.append(_blocks(np.maximum, change.max(axis=2), factor))
        sums.append(_blocks(np.add, np.square(change).mean(axis=2, dtype=np.float64), TILE))
    levels, squares = np.concatenate(maps), np.concatenate(sums)
    down, across = (np.minimum(TILE, side - np.arange(0, side, TILE)) for side in (height, width))
    means = squares / (down[:, None] * across)
    row, column = map(int, np.unravel_index(int(means.argmax()), means.shape))
    top, left_side = row * TILE, column * TILE
    worst = Box(top, left_side, top + int(down[row]), left_side + int(across[column]))
    most = float(np.quantile(levels, 1 - CLIPPED))
    return Difference(
        decibels(float(squares.sum()) / (height * width)),
        worst,
        decibels(float(means.max())),
        levels,
        next(scale for scale in SCALES if scale >= math.floor(most)),
    )


def decibels(squared_error: float) -> float:
    """PSNR of a mean squared error in levels of 8 bits; at most `CAP`."""
    return CAP if not squared_error else min(CAP, 10 * math.log10(255**2 / squared_error))


def coloured(levels: NDArray[np.float32], scale: int) -> NDArray[np.uint8]:
    """A difference ``(h, w)`` as a picture ``(h, w, 3)``: black is none, bright is ``scale`` and more."""
    place = np.clip(levels / scale, 0, 1) * (len(_COLOURS) - 1)
    stops = np.arange(len(_COLOURS))
    channels = [np.interp(place, stops, _COLOURS[:, channel]) for channel in range(3)]
    return np.stack(channels, axis=2).round().astype(np.uint8)


def gradient() -> str:
    """The colours of :func:`coloured` as stops of a CSS gradient."""
    return ", ".join(f"rgb({int(red)} {int(green)} {int(blue)})" for red, green, blue in _COLOURS)


def enlarged(pixels: Pixels, box: Box, side: int) -> NDArray[np.uint8]:
    """A part of a picture, enlarged without interpolation to ``(h, w, 3)``; ``side`` is its longer side."""
    part = _levels(pixels[box.top : box.bottom, box.left : box.right]).round().astype(np.uint8)
    times = max(1, side // max(part.shape[:2]))
    colour = np.broadcast_to(part, (*part.shape[:2], 3))
    return np.ascontiguousarray(colour.repeat(times, axis=0).repeat(times, axis=1))


def _levels(pixels: Pixels) -> NDArray[np.float32]:
    """``(h, w, 1 or 3)`` in 0..255."""
    values = np.asarray(pixels, np.float32)
    if pixels.dtype == np.uint16:
        values /= 257
    return values if values.ndim == 3 else values[..., None]


def _blocks(join: np.ufunc, values: NDArray[Any], side: int) -> NDArray[Any]:
    """Blocks of ``side`` pixels joined to one value; those at the right and lower border may be partial."""
    rows, columns = (np.arange(0, length, side) for length in values.shape)
    return np.asarray(join.reduceat(join.reduceat(values, rows, 0), columns, 1))
