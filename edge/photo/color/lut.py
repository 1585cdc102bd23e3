"""Profiles made of tables, as scanners and printers have them, by Pillow's colour management.

It works on 8 bits, and many of these profiles lead from the file to colours only. The way back is found
on a grid of colours, by Newton's method; exact it need not be, for only changes take it.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from edge.photo.bands import Pixels
from edge.photo.color.curves import srgb
from edge.photo.color.primaries import D65, PROPHOTO, SRGB_TO_XYZ, profile, to_xyz
from edge.photo.color.space import Levels
from edge.photo.color.transfer import SRGB

Points = NDArray[np.float64]
Colours = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]
"""Samples ``(rows, n, 3)`` to colours, by a profile."""

_INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC
_FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION

# Denser where samples may be linear in light.
_NODES = np.unique(np.rint(255 * np.linspace(0, 1, 33) ** 2)).astype(np.uint8)
_BACK = 17
_ROUNDS = 8
_DAMPING = 1e-3
_STEP = 1e-2


class LutSpace:
    """Colours by a profile's tables."""

    def __init__(self, icc: bytes) -> None:
        """Raises ValueError or OSError if there is no way from the profile's samples to colours."""
        # Wide enough that the colours of scanners are not clipped, which would have no way back.
        wide = profile(_WIDE_TO_XYZ, srgb(np.linspace(0, 1, 1024)), "Wide")
        self._seen = _colours(icc, ImageCms.createProfile("sRGB"))
        self._wide = _colours(icc, ImageCms.ImageCmsProfile(io.BytesIO(wide)))

    def to_srgb(self, band: Pixels) -> Pixels:
        """See `Space`."""
        if band.dtype == np.uint8:
            return self._seen(band)  # type: ignore[arg-type]
        levels = np.arange(65536) / 65535
        places = np.interp(levels, _NODES / 255, np.arange(len(_NODES))).astype(np.float32)
        return np.asarray(np.rint(_between(self._seen_grid, places[band])), np.uint16)

    def from_srgb(self, band: Pixels) -> Levels:
        """See `Space`."""
        top = np.iinfo(band.dtype).max
        places = band.astype(np.float32) * np.float32((_BACK - 1) / top)
        return np.float32(top) * _between(self._samples_grid, places)

    @cached_property
    def _seen_grid(self) -> Levels:
        return 257 * self._seen(_grid(_NODES)).reshape(_cube(len(_NODES))).astype(np.float32)

    @cached_property
    def _samples_grid(self) -> Levels:
        """The samples 0..1 of a grid of sRGB-encoded colours."""
        wide = self._wide(_grid(_NODES)).reshape(_cube(len(_NODES))).astype(np.float64) / 255
        light = srgb(_grid(np.linspace(0, 1, _BACK)).reshape(-1, 3))
        wanted = light @ (np.linalg.inv(_WIDE_TO_XYZ) @ SRGB_TO_XYZ).T
        encoded = SRGB.encoded(wanted.astype(np.float32)).astype(np.float64)
        return _inverted(wide, encoded).reshape(_cube(_BACK)).astype(np.float32)


_WIDE_TO_XYZ = to_xyz(PROPHOTO, D65)


def _colours(icc: bytes, target: Any) -> Colours:
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        transform = ImageCms.buildTransform(source, target, "RGB", "RGB", _INTENT, _FLAGS)
    except (ImageCms.PyCMSError, TypeError, AttributeError) as error:
        raise ValueError("a profile without a way to colours") from error
    return lambda samples: np.asarray(transform.apply(Image.fromarray(np.ascontiguousarray(samples))))


def _grid(places: NDArray[Any]) -> NDArray[Any]:
    """All combinations of three of ``places``, ``(n*n, n, 3)``."""
    cube = np.stack(np.meshgrid(places, places, places, indexing="ij"), axis=-1)
    return cube.reshape(-1, len(places), 3)


def _cube(side: int) -> tuple[int, int, int, int]:
    return side, side, side, 3


def _between(grid: NDArray[Any], places: NDArray[Any]) -> NDArray[Any]:
    """Linear interpolation in a grid ``(n, n, n, 3)`` at ``(..., 3)`` in steps of the grid."""
    below = np.minimum(places.astype(np.int32), grid.shape[0] - 2)
    far = places - below.astype(places.dtype)
    near = 1 - far
    flat, side = grid.reshape(-1, 3), grid.shape[0]
    start = (below[..., 0] * side + below[..., 1]) * side + below[..., 2]
    total: Any = 0
    for corner in range(8):
        r, g, b = corner >> 2, corner >> 1 & 1, corner & 1
        weight = (far if r else near)[..., 0] * (far if g else near)[..., 1] * (far if b else near)[..., 2]
        total = total + weight[..., None] * flat[start + (r * side + g) * side + b]
    return np.asarray(total)


def _inverted(grid: Points, wanted: Points) -> Points:
    """The samples ``(n, 3)``, 0..1, whose colours in ``grid`` are nearest to ``wanted`` ``(n, 3)``."""
    nodes = _NODES / 255

    def colours(samples: Points) -> Points:
        return _between(grid, np.interp(samples, nodes, np.arange(len(nodes))))

    coarse = _grid(np.linspace(0, 1, 9)).reshape(-1, 3)
    starts = colours(coarse)
    samples = np.concatenate(
        [coarse[((part[:, None] - starts) ** 2).sum(-1).argmin(1)] for part in np.array_split(wanted, 64)]
    )
    best, least = samples, np.full(len(wanted), np.inf)
    for _ in range(_ROUNDS):
        found = colours(samples)
        missing = wanted - found
        error = (missing**2).sum(-1)
        best = np.where((error < least)[:, None], samples, best)
        least = np.minimum(error, least)
        slopes = np.empty((len(samples), 3, 3))
        for colour in range(3):
            step = np.where(samples[:, colour] > 0.5, -_STEP, _STEP)
            moved = samples.copy()
            moved[:, colour] += step
            slopes[:, :, colour] = (colours(moved) - found) / step[:, None]
        turned = slopes.transpose(0, 2, 1)
        square = turned @ slopes + _DAMPING * np.eye(3)
        samples = np.clip(samples + np.linalg.solve(square, turned @ missing[..., None])[..., 0], 0, 1)
    return np.asarray(best)
