"""Bands of rows, in which photos are processed without a second copy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edge.photo.metadata.metadata import Metadata

Pixels = NDArray[np.uint8] | NDArray[np.uint16]

_BAND_PIXELS = 1 << 18


@dataclass(frozen=True)
class Encoded:
    """A photo to be written: its pixels in bands, as the file stores them, and its metadata."""

    bands: Iterable[Pixels]
    """``(rows, width, channels)`` each; all but the last have the same number of rows."""
    width: int
    height: int
    channels: int
    """1 to 4: gray or RGB, and alpha or infrared."""
    bits: int
    """Of a channel: 8 or 16."""
    metadata: Metadata
    infrared: bool = False
    """Whether the last channel is infrared rather than alpha."""


def row_bands(height: int, width: int) -> Iterator[slice]:
    """Consecutive slices of rows that cover ``height``, about 0.25 megapixel each."""
    rows = max(1, _BAND_PIXELS // max(1, width))
    for top in range(0, height, rows):
        yield slice(top, min(top + rows, height))


def image_bands(image: Image.Image) -> Iterator[tuple[slice, Image.Image]]:
    """The rows and the pixels of each band of a decoded image."""
    for rows in row_bands(image.height, image.width):
        yield rows, image.crop((0, rows.start, image.width, rows.stop))


def as_stored(upright: Pixels, orientation: int) -> Pixels:
    """A view of an upright photo ``(H, W, ...)`` in the layout of a file with this EXIF orientation.

    What is written into the view in the file's order stands upright in ``upright``.
    """
    view = upright.swapaxes(0, 1) if orientation >= 5 else upright
    if orientation in (3, 4, 6, 7):
        view = view[::-1]
    if orientation in (2, 3, 7, 8):
        view = view[:, ::-1]
    return view


def upright_size(width: int, height: int, orientation: int) -> tuple[int, int]:
    """Height and width once the orientation is applied."""
    return (width, height) if orientation >= 5 else (height, width)
