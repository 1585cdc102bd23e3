"""Connected regions of a mask, as runs of pixels along its rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_ROWS = 64
"""Rows processed together."""


@dataclass(frozen=True)
class Regions:
    """The runs of a mask and the region of each, numbered from 0; neighbours also touch at corners."""

    shape: tuple[int, int]
    row: NDArray[np.int32]
    start: NDArray[np.int32]
    stop: NDArray[np.int32]
    label: NDArray[np.int32]
    count: int

    def sums(self, plane: NDArray[np.uint8], power: int = 1) -> NDArray[np.int64]:
        """The sum of ``plane`` ``(h, w)``, to a power, over each region."""
        return self._gathered(np.add, plane, power)

    def maxima(self, plane: NDArray[np.uint8]) -> NDArray[np.int64]:
        """The largest value of ``plane`` ``(h, w)`` in each region."""
        return self._gathered(np.maximum, plane)

    def areas(self) -> NDArray[np.int64]:
        """Pixels of each region."""
        areas = np.zeros(self.count, np.int64)
        np.add.at(areas, self.label, self.stop - self.start)
        return areas

    def mask(self, chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """The mask ``(h, w)`` of the regions for which ``chosen`` ``(count,)`` holds."""
        edges = np.zeros(self.shape[0] * self.shape[1] + 1, np.int8)
        runs = chosen[self.label]
        base = self.row[runs].astype(np.int64) * self.shape[1]
        # A run may begin where the one of the row above ends: both edges then cancel out.
        edges[base + self.start[runs]] += 1
        edges[base + self.stop[runs]] -= 1
        inside = np.cumsum(edges, dtype=np.int8, out=edges)[:-1]
        return inside.view(np.bool_).reshape(self.shape)

    def _gathered(self, ufunc: np.ufunc, plane: NDArray[np.uint8], power: int = 1) -> NDArray[np.int64]:
        """``ufunc`` over each region, 0 being neutral; in bands, so that wider integers stay few."""
        found = np.zeros(self.count, np.int64)
        for top in range(0, self.shape[0], _ROWS):
            runs = slice(*np.searchsorted(self.row, np.array((top, top + _ROWS), np.int32)))
            base = (self.row[runs].astype(np.int64) - top) * self.shape[1]
            bounds = np.stack((base + self.start[runs], base + self.stop[runs]), 1).ravel()
            if not bounds.size:
                continue
            flat = plane[top : top + _ROWS].astype(np.int64).ravel() ** power
            # `reduceat` also reduces what lies between the runs; a bound at the end is none.
            parts = ufunc.reduceat(flat, bounds[:-1] if bounds[-1] == flat.size else bounds)
            ufunc.at(found, self.label[runs], parts[::2])
        return found


def find_regions(mask: NDArray[np.bool_]) -> Regions:
    """The connected regions of ``mask`` ``(h, w)``."""
    height, width = mask.shape
    bands = []
    for top in range(0, height, _ROWS):
        band = mask[top : top + _ROWS]
        padded = np.zeros((band.shape[0], width + 2), np.int8)
        padded[:, 1:-1] = band
        change = np.diff(padded, axis=1)
        rows, starts = np.nonzero(change == 1)
        stops = np.nonzero(change == -1)[1]
        bands.append([values.astype(np.int32) for values in (rows + top, starts, stops)])
    row, start, stop = (np.concatenate(values) for values in zip(*bands, strict=True))
    label, count = _joined(len(row), *_touching(row, start, stop, width))
    return Regions((height, width), row, start, stop, label, count)


def _touching(
    row: NDArray[np.int32], start: NDArray[np.int32], stop: NDArray[np.int32], width: int
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Pairs of runs in neighbouring rows that touch: indices of the upper and of the lower one."""
    # A run's place in the picture, row by row; the product needs more than 32 bits.
    key = width + 2
    place = row.astype(np.int64) * key
    first = np.searchsorted(place + stop, place + key + start)
    last = np.searchsorted(place + start, place + key + stop, side="right")
    counts = np.maximum(last - first, 0)
    upper = np.repeat(np.arange(len(row), dtype=np.int32), counts)
    within = np.arange(counts.sum()) - np.repeat(counts.cumsum() - counts, counts)
    return upper, np.repeat(first, counts) + within


def _joined(
    count: int, upper: NDArray[np.int32], lower: NDArray[np.int64]
) -> tuple[NDArray[np.int32], int]:
    """Labels of ``count`` runs joined by pairs, numbered from 0, and how many there are."""
    root = np.arange(count, dtype=np.int32)
    while True:
        low = np.minimum(root[upper], root[lower])
        joined = root.copy()
        # A pair's smaller root goes to both roots, then every run follows its root to the end.
        np.minimum.at(joined, root[upper], low)
        np.minimum.at(joined, root[lower], low)
        while True:
            further = joined[joined]
            if np.array_equal(further, joined):
                break
            joined = further
        if np.array_equal(joined, root):
            break
        root = joined
    names, label = np.unique(root, return_inverse=True)
    return label.astype(np.int32), len(names)
