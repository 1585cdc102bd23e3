"""The damage mask: which pixels are cracked, torn, scratched or stained, for the whole photo."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.errors import PhotoError
from edge.integers import ceil_div
from edge.photo.needs import need_of
from edge.photo.photo import DEFAULT_MAX_PIXELS, read_photo
from edge.restore.tiles.cells import to_cells
from edge.restore.tiles.tiling import Box, mirrored


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

    def rows(self, top: int, bottom: int, photo_shape: tuple[int, int]) -> NDArray[np.bool_]:
        """Which pixels of the photo's rows ``top..bottom-1`` are damaged: ``(rows, W)``."""
        if self.factor == 1:
            return self.mask[top:bottom]
        down = np.arange(top, bottom) // self.factor
        return self.mask[down].repeat(self.factor, axis=1)[:, : photo_shape[1]]


def read_mask(path: Path, photo_shape: tuple[int, int], max_memory: int | None = None) -> Damage:
    """Read a painted mask, in which bright is damaged.

    Args:
        path: A picture as large as the upright photo.
        photo_shape: Height and width of that.
        max_memory: As for `edge.photo.photo.read_photo`.

    Raises:
        PhotoError: The mask can't be read, or is not as large as the upright photo.
        MemoryBudgetExceeded: It needs more than ``max_memory``.
    """
    mask_reading_bytes(path, photo_shape, max_memory)
    pixels = read_photo(path, _max_pixels(photo_shape), None, max_memory).pixels
    if pixels.shape[:2] != photo_shape:
        raise _misfit(path, pixels.shape[1], pixels.shape[0], photo_shape)
    bright = pixels if pixels.ndim == 2 else pixels.max(axis=2)
    return Damage(bright >= np.iinfo(pixels.dtype).max / 2, 1)


def mask_reading_bytes(path: Path, photo_shape: tuple[int, int], max_memory: int | None = None) -> int:
    """Bytes a pixel that :func:`read_mask` holds at most, by the mask's header. Raises as that."""
    needed = need_of(path, _max_pixels(photo_shape), None, max_memory)
    if {needed.width, needed.height} != set(photo_shape):
        raise _misfit(path, needed.width, needed.height, photo_shape)
    return ceil_div(needed.bytes, needed.width * needed.height)


def _misfit(path: Path, width: int, height: int, photo_shape: tuple[int, int]) -> PhotoError:
    return PhotoError(
        f"The mask {path} has {width}x{height} pixels and the photo {photo_shape[1]}x{photo_shape[0]}: "
        "paint the mask on a copy of the photo."
    )


def _max_pixels(photo_shape: tuple[int, int]) -> int:
    # Who allows a photo of more pixels than usual allows its mask the same.
    return max(DEFAULT_MAX_PIXELS, photo_shape[0] * photo_shape[1])
