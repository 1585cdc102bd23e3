"""The damage mask: which pixels are scratched, torn or stained, for the whole photo."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.cells import to_cells
from edge.errors import PhotoError
from edge.photo import read_photo
from edge.tiling import Box, mirrored


@dataclass(frozen=True)
class Damage:
    """A mask ``(h, w)`` of bools in which each value stands for ``factor`` x ``factor`` pixels."""

    mask: NDArray[np.bool_]
    factor: int

    @property
    def share(self) -> float:
        """Damaged share of the photo, 0..1."""
        return float(self.mask.mean())

    def cells(self, box: Box, stride: int, photo_shape: tuple[int, int]) -> NDArray[np.bool_]:
        """The window ``box`` (in cells) as ``(rows, columns, stride*stride)``, mirrored beyond borders."""
        pixels = box.scaled(stride)
        down = mirrored(pixels.top, pixels.bottom, photo_shape[0]) // self.factor
        across = mirrored(pixels.left, pixels.right, photo_shape[1]) // self.factor
        return to_cells(self.mask[down[:, None], across][..., None], stride)

    def shrunk(self, factor: int) -> NDArray[np.bool_]:
        """The mask where each value stands for ``factor`` pixels, a multiple of its own factor."""
        step = factor // self.factor
        if step == 1:
            return self.mask
        rows = np.arange(0, self.mask.shape[0], step)
        columns = np.arange(0, self.mask.shape[1], step)
        return np.logical_or.reduceat(np.logical_or.reduceat(self.mask, rows, 0), columns, 1)


def from_probability(probability: NDArray[Any], threshold: float, factor: int) -> Damage:
    """Where the detector's ``probability`` ``(h, w)`` reaches ``threshold``, and one step around it.

    A detector is least sure at the rim of a scratch, where its paint fades out.
    """
    certain = np.pad(probability >= threshold, 1)
    rows = certain[:-2] | certain[1:-1] | certain[2:]
    return Damage(rows[:, :-2] | rows[:, 1:-1] | rows[:, 2:], factor)


def read_mask(path: Path, photo_shape: tuple[int, int]) -> Damage:
    """A mask painted by a person: bright is damaged. It must be as large as the (upright) photo."""
    pixels = read_photo(path).pixels
    if pixels.shape[:2] != photo_shape:
        height, width = pixels.shape[:2]
        raise PhotoError(
            f"The mask {path} has {width}x{height} pixels and the photo {photo_shape[1]}x"
            f"{photo_shape[0]}: paint the mask on a copy of the photo."
        )
    bright = pixels if pixels.ndim == 2 else pixels.max(axis=2)
    return Damage(bright >= np.iinfo(pixels.dtype).max / 2, 1)
