"""Pixels to cells and back: the space-to-depth of cutting and stitching.

A cell is a square of ``stride`` x ``stride`` pixels, its channels ordered row, column, colour.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.integers import ceil_div


def to_cells(pixels: NDArray[Any], stride: int) -> NDArray[Any]:
    """``(H, W, C)`` to ``(H/stride, W/stride, stride*stride*C)``."""
    height, width, colours = pixels.shape
    split = pixels.reshape(height // stride, stride, width // stride, stride * colours)
    cells = split.transpose(0, 2, 1, 3)
    return cells.reshape(height // stride, width // stride, stride * stride * colours)


def to_pixels(cells: NDArray[Any], stride: int) -> NDArray[Any]:
    """``(h, w, stride*stride*C)`` to ``(h*stride, w*stride, C)``: the inverse of :func:`to_cells`."""
    rows, columns, channels = cells.shape
    colours = channels // (stride * stride)
    split = cells.reshape(rows, columns, stride, stride * colours)
    return split.transpose(0, 2, 1, 3).reshape(rows * stride, columns * stride, colours)


def eight_bit(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """Pixels of 8 or 16 bits in 8 bits, rounded."""
    if pixels.dtype == np.uint16:
        return ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)
    return pixels.astype(np.uint8, copy=False)


def in_colour(pixels: NDArray[Any]) -> NDArray[Any]:
    """Pixels ``(H, W[, 3])`` as ``(H, W, 3)``."""
    return pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)


def shrink(pixels: NDArray[Any], factor: int) -> NDArray[np.uint8]:
    """Mean of each ``factor`` x ``factor`` block, rounded, in 8 bits: ``(H, W[, 3])`` to ``(h, w, 3)``.

    Blocks at the right and lower border may be partial. Integer arithmetic only, so that every platform
    gets the same levels.
    """
    height, width = pixels.shape[:2]
    depth = 257 if pixels.dtype == np.uint16 else 1
    rows, columns = ceil_div(height, factor), ceil_div(width, factor)
    widths = np.minimum(factor, width - factor * np.arange(columns))
    small = np.empty((rows, columns, *pixels.shape[2:]), np.uint8)
    # In bands, so that the wider integers of the sums stay small.
    for first in range(0, rows, 64):
        band = pixels[first * factor : (first + 64) * factor]
        heights = np.minimum(factor, band.shape[0] - factor * np.arange(ceil_div(band.shape[0], factor)))
        sums = _block_sums(_block_sums(band, factor, 0), factor, 1)
        counts = (heights[:, None] * widths * depth).astype(sums.dtype)
        counts = counts.reshape(counts.shape + (1,) * (pixels.ndim - 2))
        small[first : first + 64] = (sums + counts // 2) // counts
    return in_colour(small)


def _block_sums(values: NDArray[Any], factor: int, axis: int) -> NDArray[Any]:
    """Sums of every ``factor`` neighbours along an axis; the last sum may have fewer."""
    lines = np.moveaxis(values, axis, 0)
    sums: NDArray[Any] = lines[::factor].astype(np.uint32 if values.dtype == np.uint8 else np.uint64)
    for offset in range(1, factor):
        part = lines[offset::factor]
        np.add(sums[: len(part)], part, out=sums[: len(part)])
    return np.moveaxis(sums, 0, axis)
