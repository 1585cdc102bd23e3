"""Side-by-side pictures of photos before and after, shrunk."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edge.integers import ceil_div
from edge.photo.photo import read_photo
from edge.photo.writers.saving import save_image
from edge.restore.tiles.cells import shrink

LONGEST_SIDE = 2000
"""Longest side of each half, in pixels."""
GAP = 16
"""Width of the white gap between the halves, in pixels."""


def write_before_after(
    before: Path,
    after: Path,
    out: BinaryIO,
    max_pixels: int,
    page: int | None = None,
    max_memory: int | None = None,
) -> None:
    """Write a JPEG with both photos side by side, shrunk by a whole factor.

    The photos are read one after the other, so that only one is in memory.

    Args:
        before: The photo before.
        after: The photo after; its size may differ.
        out: The file of the JPEG, open to write.
        max_pixels: Limit of each photo, in pixels.
        page: Which page of the photo before.
        max_memory: As for `edge.photo.photo.read_photo`.

    Raises:
        PhotoError: A photo can't be read.
        OSError: The JPEG can't be written.
    """
    left = _small(before, max_pixels, page, max_memory)
    right = _small(after, max_pixels, None, max_memory)
    height = max(left.shape[0], right.shape[0])
    sheet = np.full((height, left.shape[1] + GAP + right.shape[1], 3), 255, np.uint8)
    sheet[: left.shape[0], : left.shape[1]] = left
    sheet[: right.shape[0], left.shape[1] + GAP :] = right
    save_image(Image.fromarray(sheet), out, "JPEG", quality=92, subsampling=0)


def _small(photo: Path, max_pixels: int, page: int | None, max_memory: int | None) -> NDArray[np.uint8]:
    """The photo in 8-bit RGB, at most `LONGEST_SIDE` high and wide."""
    pixels = read_photo(photo, max_pixels, page, max_memory).pixels
    return shrink(pixels, ceil_div(max(pixels.shape[:2]), LONGEST_SIDE))
