"""Strokes of a brush and an eraser over the found damage, as pages and apps draw them.

Whole numbers alone decide which pixels a stroke covers, so that every language marks the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from edge.errors import OptionRefused

Point = tuple[int, int]
"""Column and row of a pixel of the upright photo; beyond its borders too."""

MAX_RADIUS = 2048
MAX_COORDINATE = 1 << 17
_PIECE = 4096
"""Pixels of a segment's longer side; longer ones are halved. Squares then fit 63 bits."""


@dataclass(frozen=True)
class Stroke:
    """The disc of ``radius`` pixels, drawn along straight lines through ``points``.

    Raises OptionRefused for numbers out of range.
    """

    points: tuple[Point, ...]
    radius: int
    erases: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.radius <= MAX_RADIUS:
            raise OptionRefused(f"A stroke's radius is {self.radius}: give 0..{MAX_RADIUS} pixels.")
        if any(abs(value) > MAX_COORDINATE for point in self.points for value in point):
            raise OptionRefused(f"A stroke's points lie within {MAX_COORDINATE} pixels of the first pixel.")


def draw(mask: NDArray[np.bool_], strokes: Sequence[Stroke]) -> None:
    """Set and clear the pixels of a mask ``(h, w)`` that the strokes cover, one stroke after the other."""
    for stroke in strokes:
        ends = stroke.points if len(stroke.points) > 1 else stroke.points * 2
        for start, end in pairwise(ends):
            _draw_segment(mask, start, end, stroke.radius, not stroke.erases)


def _draw_segment(mask: NDArray[np.bool_], start: Point, end: Point, radius: int, value: bool) -> None:
    if max(abs(end[0] - start[0]), abs(end[1] - start[1])) > _PIECE:
        # Rounded down, below zero too.
        middle = (start[0] + end[0]) >> 1, (start[1] + end[1]) >> 1
        _draw_segment(mask, start, middle, radius, value)
        _draw_segment(mask, middle, end, radius, value)
        return
    top, bottom = max(0, min(start[1], end[1]) - radius), max(start[1], end[1]) + radius + 1
    left, right = max(0, min(start[0], end[0]) - radius), max(start[0], end[0]) + radius + 1
    window = mask[top : max(top, bottom), left : max(left, right)]
    y = np.arange(top, top + window.shape[0], dtype=np.int64)[:, None]
    x = np.arange(left, left + window.shape[1], dtype=np.int64)
    along_x, along_y = end[0] - start[0], end[1] - start[1]
    length = along_x**2 + along_y**2
    to_start = (x - start[0]) ** 2 + (y - start[1]) ** 2 <= radius**2
    to_end = (x - end[0]) ** 2 + (y - end[1]) ** 2 <= radius**2
    # Where a pixel lies along the segment and beside it, both times the segment's length.
    place = (x - start[0]) * along_x + (y - start[1]) * along_y
    beside = (x - start[0]) * along_y - (y - start[1]) * along_x
    between = (place > 0) & (place < length) & (beside**2 <= radius**2 * length)
    window[to_start | to_end | between] = value
