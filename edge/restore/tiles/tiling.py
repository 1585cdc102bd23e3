"""Tiles: the cheapest cover of a photo by the tile sizes that a bundle offers, and cutting windows.

Law 1 of the design: a tile is the same computation on a window. "Whole" means that the photo is mirrored
at its borders as far as the networks look (the halo) and only the valid centre is kept; a tile computes
exactly the same centre, so a result does not depend on how it was tiled and there are no seams to hide.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.integers import ceil_div


@dataclass(frozen=True)
class Box:
    """A rectangle of cells or pixels; ``bottom`` and ``right`` lie outside."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def rows(self) -> int:
        """Height."""
        return self.bottom - self.top

    @property
    def columns(self) -> int:
        """Width."""
        return self.right - self.left

    def grown(self, margin: int) -> Box:
        """The box with ``margin`` more on every side."""
        return Box(self.top - margin, self.left - margin, self.bottom + margin, self.right + margin)

    def moved(self, down: int, across: int) -> Box:
        """The box shifted."""
        return Box(self.top + down, self.left + across, self.bottom + down, self.right + across)

    def scaled(self, factor: int) -> Box:
        """The same box in units ``factor`` times smaller."""
        return Box(self.top * factor, self.left * factor, self.bottom * factor, self.right * factor)


@dataclass(frozen=True)
class Placement:
    """A tile's place: the cells that it writes, and the offered size that computes them."""

    keep: Box
    """The valid cells that this tile writes: from its upper left corner inside the halo."""
    size: int
    """Index into the offered sizes."""


def plan(area: Box, sizes: Sequence[tuple[int, int]], halo: int) -> list[Placement]:
    """Cover ``area`` exactly with tiles of ``sizes`` (rows and columns, halo included), at least cost.

    The cost is the number of cells computed. A block of equal tiles is laid from the upper left corner,
    then the strip to its right and the strip below are covered in the same way.
    """
    valid = [(rows - 2 * halo, columns - 2 * halo) for rows, columns in sizes]
    if not valid or min(min(pair) for pair in valid) < 1:
        raise ValueError(f"tiles of {list(sizes)} cells are all halo ({halo})")

    @cache
    def best(rows: int, columns: int) -> tuple[int, int, int, int]:
        """Cost, and the block to lay first: size, tiles down, tiles across."""
        if rows <= 0 or columns <= 0:
            return 0, -1, 0, 0
        found: tuple[int, int, int, int] | None = None
        for index, (high, wide) in enumerate(valid):
            for down in _counts(rows, high):
                for across in _counts(columns, wide):
                    cost = down * across * sizes[index][0] * sizes[index][1]
                    cost += best(rows, columns - across * wide)[0]
                    cost += best(rows - down * high, min(columns, across * wide))[0]
                    if found is None or cost < found[0]:
                        found = cost, index, down, across
        assert found is not None
        return found

    def lay(box: Box) -> Iterator[Placement]:
        _, index, down, across = best(box.rows, box.columns)
        if index < 0:
            return
        high, wide = valid[index]
        bottom = min(box.bottom, box.top + down * high)
        right = min(box.right, box.left + across * wide)
        for top in range(box.top, bottom, high):
            for left in range(box.left, right, wide):
                keep = Box(top, left, min(bottom, top + high), min(right, left + wide))
                yield Placement(keep, index)
        yield from lay(Box(box.top, right, box.bottom, box.right))
        yield from lay(Box(bottom, box.left, box.bottom, right))

    return list(lay(area))


def _counts(length: int, valid: int) -> tuple[int, ...]:
    """The possible numbers of tiles along a side of a block: as many as fit, or one more that overhangs."""
    fit, cover = max(1, length // valid), ceil_div(length, valid)
    return (fit,) if fit == cover else (fit, cover)


def fitted(area: Box, step: int, halo: int, most: int) -> list[Box]:
    """Cover ``area`` with tiles of any size, at least cost: the cells that they keep, row by row.

    Args:
        area: What to cover.
        step: Tiles begin at multiples of so many cells from its upper left corner.
        halo: Cells around a tile that it reads, too.
        most: Cells that a tile may have, halo included; at least those of the smallest possible one.
    """
    rows, columns = ceil_div(area.rows, step), ceil_div(area.columns, step)
    found: tuple[int, int, int] | None = None
    for down in range(1, rows + 1):
        high = ceil_div(rows, down) * step
        widest = (most // (high + 2 * halo) - 2 * halo) // step
        if widest < 1:
            continue
        across = ceil_div(columns, widest)
        wide = ceil_div(columns, across) * step
        down, across = ceil_div(rows * step, high), ceil_div(columns * step, wide)
        cost = (rows * step + 2 * halo * down) * (columns * step + 2 * halo * across)
        if found is None or cost < found[0]:
            found = cost, high, wide
    if found is None:
        raise ValueError(f"no tile of {most} cells has a halo of {halo}")
    _, high, wide = found
    return [
        Box(top, left, min(area.bottom, top + high), min(area.right, left + wide))
        for top in range(area.top, area.bottom, high)
        for left in range(area.left, area.right, wide)
    ]


def packed(sizes: Sequence[tuple[int, int]]) -> tuple[list[tuple[int, int]], tuple[int, int]]:
    """Places for rectangles of ``sizes`` (rows and columns) in columns from left to right.

    Returns the upper left corner of each (row and column), and the size of the whole.
    """
    highest = max(rows for rows, _ in sizes)
    corners, top, left, right = [], 0, 0, 0
    for rows, columns in sizes:
        if top + rows > highest:
            top, left = 0, right
        corners.append((top, left))
        top, right = top + rows, max(right, left + columns)
    return corners, (highest, right)


def window(keep: Box, size: tuple[int, int], halo: int) -> Box:
    """The window that a tile with the cells ``keep`` reads: its full size, halo included."""
    top, left = keep.top - halo, keep.left - halo
    return Box(top, left, top + size[0], left + size[1])


def mirrored(start: int, stop: int, length: int) -> NDArray[np.intp]:
    """Indices ``start..stop-1`` into an axis of ``length``, reflected at both ends as often as needed.

    The border itself is repeated (...1 0 | 0 1 2...), so that one pixel is enough.
    """
    index = np.arange(start, stop) % (2 * length)
    return np.where(index < length, index, 2 * length - 1 - index)


def cut(plane: NDArray[Any], box: Box) -> NDArray[Any]:
    """The window ``box`` of ``plane`` (rows and columns first), mirrored beyond the borders.

    A view where the box lies inside, else a copy.
    """
    rows, columns = plane.shape[:2]
    if box.top >= 0 and box.left >= 0 and box.bottom <= rows and box.right <= columns:
        return plane[box.top : box.bottom, box.left : box.right]
    down = mirrored(box.top, box.bottom, rows)
    across = mirrored(box.left, box.right, columns)
    # Rows first, of the columns that are needed: up to three times as fast as all.
    first = across.min()
    window: NDArray[Any] = plane[:, first : across.max() + 1][down].take(across - first, axis=1)
    return window
