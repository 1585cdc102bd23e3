"""Mounts: the picture within borders that every language makes for itself."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.restore.mount import find_picture
from edge.restore.tiles.tiling import Box
from tests.golden.written import Vectors, box

CREAM, DARK, WHITE = (250, 244, 232), (60, 50, 45), (247, 248, 249)


def vectors() -> Vectors:
    """`mounts.json`."""
    return {
        "mounts": [
            _case((60, 80, 3), [(CREAM, Box(8, 10, 50, 66))]),
            _case((60, 80, 3), [(CREAM, Box(8, 10, 46, 66))], writing=Box(50, 14, 56, 60)),
            _case((60, 80, 3), [(CREAM, Box(8, 10, 46, 66))], writing=Box(46, 10, 60, 66)),
            _case((60, 80), [(DARK, Box(5, 4, 52, 80))]),
            _case((90, 120, 3), [(DARK, Box(12, 14, 78, 100)), (WHITE, Box(17, 19, 73, 95))]),
            _case((60, 80, 3), [(CREAM, Box(30, 0, 60, 80))]),
            _case((60, 80, 3), [(CREAM, Box(20, 30, 30, 44))]),
            _case((30, 80, 3), [(CREAM, Box(6, 10, 24, 66))]),
            _case((90, 1300), [(CREAM, Box(9, 21, 80, 1275))]),
            _case((1201, 100, 3), [(DARK, Box(33, 11, 1166, 88))], top=65535),
            _case((2100, 120), [(WHITE, Box(0, 16, 2033, 107))], top=65535),
        ]
    }


def pattern(
    shape: tuple[int, ...], mounts: list[tuple[tuple[int, int, int], Box]], writing: Box | None
) -> NDArray[np.int64]:
    """A picture within mounts, each with a colour and a box of what it surrounds, in 8 bits."""
    y, x, c = np.mgrid[: shape[0], : shape[1], : (shape[2] if len(shape) == 3 else 1)]
    levels = (x * 3 + y * 5) % 130 + 11 * c
    if mounts[0][0] == DARK:
        levels += 90
    for colour, inside in reversed(mounts):
        outside = (y < inside.top) | (y >= inside.bottom) | (x < inside.left) | (x >= inside.right)
        levels = np.where(outside, np.array(colour)[c] + (x * 7 + y * 13) % 3, levels)
    if writing is not None:
        inked = (y >= writing.top) & (y < writing.bottom) & (x >= writing.left) & (x < writing.right)
        levels = np.where(inked & ((x + y) % 4 == 0), 40, levels)
    return levels


def _case(
    shape: tuple[int, ...],
    mounts: list[tuple[tuple[int, int, int], Box]],
    writing: Box | None = None,
    top: int = 255,
) -> Vectors:
    levels: NDArray[Any] = pattern(shape, mounts, writing) * (top // 255)
    pixels = levels.astype(np.uint8 if top == 255 else np.uint16)
    found = find_picture(pixels if len(shape) == 3 else pixels[..., 0])
    return {
        "shape": list(shape),
        "top": top,
        "colours": [list(colour) for colour, _ in mounts],
        "insides": [box(inside) for _, inside in mounts],
        "raised": 90 if mounts[0][0] == DARK else 0,
        "writing": None if writing is None else box(writing),
        "found": None if found is None else box(found),
    }
