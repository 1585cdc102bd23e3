"""A side-by-side picture of a photo before and after, small enough to look at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edge.files import written_beside
from edge.integers import ceil_div
from edge.photo.photo import read_photo

LONGEST_SIDE = 2000
"""Pixels, of each half."""
GAP = 16
"""Pixels of white between the halves."""


def write_before_after(before: Path, after: Path, target: Path, max_pixels: int) -> None:
    """Write a JPEG with both photos side by side, shrunk by a whole factor.

    The photos are read one after the other, so that only one is in memory. Raises `PhotoError` and
    `OSError`.
    """
    left = shrink(read_photo(before, max_pixels).pixels)
    right = shrink(read_photo(after, max_pixels).pixels)
    height = max(left.shape[0], right.shape[0])
    sheet = np.full((height, left.shape[1] + GAP + right.shape[1], 3), 255, np.uint8)
    sheet[: left.shape[0], : left.shape[1]] = left
    sheet[: right.shape[0], left.shape[1] + GAP :] = right
    with written_beside(target) as partial:
        Image.fromarray(sheet).save(partial, "JPEG", quality=92, subsampling=0)


def shrink(pixels: NDArray[Any], longest_side: int = LONGEST_SIDE) -> NDArray[np.uint8]:
    """The mean of each square of whole pixels, as 8-bit RGB; a remainder at the edge is cut off.

    ``pixels``: (height, width) or (height, width, 3), 8 or 16 bit.
    """
    factor = ceil_div(max(pixels.shape[:2]), longest_side)
    # A thin strip keeps at least one row and column.
    down, across = (min(factor, side) for side in pixels.shape[:2])
    rows, columns = pixels.shape[0] // down, pixels.shape[1] // across
    small = np.empty((rows, columns, 3), np.uint8)
    levels = 257 if pixels.dtype == np.uint16 else 1
    # Row by row: a mean over all of a large photo would need a copy of it.
    for row in range(rows):
        band = pixels[row * down : (row + 1) * down, : columns * across]
        cells = band.reshape(down, columns, across, -1)
        small[row] = (cells.mean(axis=(0, 2), dtype=np.float32) / levels + 0.5).astype(np.uint8)
    return small
