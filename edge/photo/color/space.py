"""Colour spaces of files, and the way of a change from sRGB back into them.

Networks see sRGB-encoded pixels. What they change is added to the file's own samples, so that samples
whose pixels have not changed stay as they were, those outside sRGB too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from edge.photo.bands import Pixels, row_bands
from edge.photo.color.curves import Curve
from edge.photo.color.primaries import SRGB_TO_XYZ
from edge.photo.color.transfer import SRGB, Transfer

Levels = NDArray[np.float32]

# Profiles called sRGB differ by a rounding error; converting would cost time and memory.
_SAME_LEVELS = 2


class Space(Protocol):
    """The encoding of a file's samples. Bands are ``(rows, W)`` gray or ``(rows, W, 3)`` colour."""

    def to_srgb(self, band: Pixels) -> Pixels:
        """The band sRGB-encoded, of the same type; colours outside sRGB are clipped to it."""
        ...

    def from_srgb(self, band: Pixels) -> Levels:
        """An sRGB-encoded band in the file's encoding, in levels of the band's type, not rounded."""
        ...


def as_srgb(samples: Pixels, space: Space) -> Pixels:
    """The samples of a file as sRGB-encoded pixels, in a new array."""
    pixels = np.empty_like(samples)
    for rows in row_bands(*samples.shape[:2]):
        pixels[rows] = space.to_srgb(samples[rows])
    return pixels


def in_file(pixels: Pixels, space: Space, samples: Pixels | None) -> Pixels:
    """A band of sRGB-encoded pixels in the file's encoding.

    Args:
        pixels: The band.
        space: The file's encoding.
        samples: The band as it was in the file: it is changed by as much as ``pixels`` differ from it.
            None: the pixels are converted.
    """
    if samples is None:
        levels = np.rint(space.from_srgb(pixels))
    else:
        before = space.to_srgb(samples)
        if np.array_equal(before, pixels):
            return samples
        levels = np.rint(space.from_srgb(pixels) - space.from_srgb(before)) + samples
    return np.clip(levels, 0, np.iinfo(pixels.dtype).max).astype(pixels.dtype)  # type: ignore[return-value]


class MatrixSpace:
    """Red, green and blue with a curve each, and their primaries."""

    def __init__(self, curves: Sequence[Curve], to_xyz: NDArray[np.float64]) -> None:
        """``to_xyz`` ``(3, 3)`` leads from linear light to XYZ under D50; LinAlgError if singular."""
        self._curves = [Transfer(curve) for curve in curves]
        self._to_srgb = (np.linalg.inv(SRGB_TO_XYZ) @ to_xyz).astype(np.float32)
        self._from_srgb = (np.linalg.inv(to_xyz) @ SRGB_TO_XYZ).astype(np.float32)

    def to_srgb(self, band: Pixels) -> Pixels:
        """See `Space`."""
        levels = np.rint(_converted(band, self._curves, self._to_srgb, [SRGB] * 3))
        return levels.astype(band.dtype)  # type: ignore[return-value]

    def from_srgb(self, band: Pixels) -> Levels:
        """See `Space`."""
        return _converted(band, [SRGB] * 3, self._from_srgb, self._curves)


class GraySpace:
    """Gray samples, by tables."""

    def __init__(self, curve: Curve | None = None, neutral: Space | None = None) -> None:
        """``curve`` leads to linear light; or samples are the neutral colours of a colour space."""
        self._transfer = Transfer(curve) if curve else None
        self._neutral = neutral
        self._tables: dict[np.dtype[Any], tuple[Pixels, Levels]] = {}

    def to_srgb(self, band: Pixels) -> Pixels:
        """See `Space`."""
        return self._made(band.dtype)[0][band]

    def from_srgb(self, band: Pixels) -> Levels:
        """See `Space`."""
        return self._made(band.dtype)[1][band]

    def _made(self, dtype: np.dtype[Any]) -> tuple[Pixels, Levels]:
        if dtype not in self._tables:
            top = np.iinfo(dtype).max
            if self._transfer is not None:
                there = np.rint(top * SRGB.encoded(self._transfer.light(dtype))).astype(dtype)
                back = np.float32(top) * self._transfer.encoded(SRGB.light(dtype))
            else:
                assert self._neutral is not None
                ramp = np.repeat(np.arange(top + 1, dtype=dtype)[None, :, None], 3, axis=2)
                there = self._neutral.to_srgb(ramp)[0, :, 1]
                back = self._neutral.from_srgb(ramp)[0, :, 1]
            self._tables[dtype] = there, back
        return self._tables[dtype]


def is_srgb(space: Space, gray: bool) -> bool:
    """Whether a space is sRGB but for rounding errors."""
    if gray:
        probe = np.arange(256, dtype=np.uint8)[None]
    else:  # 9 x 9 x 9 colours spread over the whole range
        steps = np.minimum(32 * np.arange(9), 255).astype(np.uint8)
        probe = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(1, -1, 3)
    return int(np.abs(space.to_srgb(probe).astype(np.int16) - probe).max()) <= _SAME_LEVELS


def _converted(
    band: Pixels, source: Sequence[Transfer], matrix: Levels, target: Sequence[Transfer]
) -> Levels:
    top = np.float32(np.iinfo(band.dtype).max)
    red, green, blue = (transfer.light(band.dtype)[band[..., c]] for c, transfer in enumerate(source))
    levels = np.empty(band.shape, np.float32)
    for (r, g, b), transfer, plane in zip(matrix, target, np.moveaxis(levels, -1, 0), strict=True):
        # Not a matrix product: the last bit of a sum in it depends on the pixel's place in the band.
        plane[...] = top * transfer.encoded(r * red + g * green + b * blue)
    return levels
