"""Faces: aligned crops of a photo, and the feathered composition of the network's changes into it.

A face is cropped before and after the photo is restored, and the network takes both. It returns a change,
which is added under a mask that fades out around the face, in proportion to its size. So nothing outside
that mask changes, and a face of a thousand pixels keeps the detail that 256 could not hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge.photo.bands import Pixels
from edge.restore.faces.alignment import (
    SIDE,
    TEMPLATE,
    Matrix,
    Points,
    face_width,
    inverse,
    moved,
    scale_of,
    similarity,
)
from edge.restore.tiles.cells import shrink
from edge.restore.tiles.tiling import Box

MIN_WIDTH = 48.0
"""Width in pixels: smaller faces are not refined."""

MAX_FACES = 64
"""The number of faces that are refined, the largest first: each takes 0.6 MB until all are put back."""

MIDDLE, RADII = (128.0, 138.0), (88.0, 100.0)
"""Centre and radii of the ellipse of an aligned face, in pixels."""

SOLID, FADED = 0.75, 1.17
"""The change counts fully up to the first share of the radii, and not at all from the second on: just
inside the aligned square."""

CHANGE_STEP = 1 / (64 * 255)
"""The step in which changes are stored: a 64th of a level of an 8-bit photo, so that int16 suffices."""

_BAND_PIXELS = 1 << 18

Patch = NDArray[np.float32]
Change = NDArray[np.int16]


class FaceRecord(msgspec.Struct, frozen=True):
    """A detected face, as recorded in reports."""

    box: tuple[int, int, int, int]
    """Left, top, width, height in pixels of the upright photo."""
    score: float
    """The finder's score, 0..1; 1 for a face that the user marked."""
    change: float
    """Root of the mean squared change that the network makes, 0..1."""
    refined: bool
    """False where the change is too large to be trusted."""


@dataclass(frozen=True)
class Face:
    """A face in a photo: its five points (`edge.restore.faces.alignment`) and its score, 0..1."""

    points: Points
    score: float

    @cached_property
    def width(self) -> float:
        """The width in pixels."""
        return face_width(self.points)

    @cached_property
    def middle(self) -> NDArray[np.float64]:
        """Mean of the points: x and y."""
        return np.asarray(self.points.mean(0))

    @cached_property
    def matrix(self) -> Matrix:
        """The similarity from the photo's pixels to the aligned face's."""
        return self.matrix_to(SIDE)

    def matrix_to(self, side: int) -> Matrix:
        """The same for aligned faces of another side."""
        return similarity(self.points, TEMPLATE * (side / SIDE))

    @property
    def box(self) -> tuple[int, int, int, int]:
        """The bounding box: left, top, width and height in whole pixels."""
        back = inverse(self.matrix)
        x, y = moved(np.array(MIDDLE), back)
        wide, high = 2 * np.array(RADII) * scale_of(back)
        return round(x - wide / 2), round(y - high / 2), round(wide), round(high)


def in_box(left: float, top: float, width: float, height: float) -> Face:
    """An upright face that fills a box, with the points of an average face."""
    scale = (width / RADII[0] + height / RADII[1]) / 4
    points = (TEMPLATE - MIDDLE) * scale + (left + width / 2, top + height / 2)
    return Face(points, 1.0)


@cache
def feather(side: int = SIDE) -> Patch:
    """The weight of the change at each pixel of an aligned face: ``(side, side)`` in 0..1."""
    scale = side / SIDE
    x, y = np.meshgrid(np.arange(side), np.arange(side))
    across, down = (scale * radius for radius in RADII)
    radius = np.hypot((x - scale * MIDDLE[0]) / across, (y - scale * MIDDLE[1]) / down)
    t = np.clip((FADED - radius) / (FADED - SOLID), 0, 1)
    faded: Patch = (t * t * (3 - 2 * t)).astype(np.float32)
    return faded


def take(pixels: Pixels, face: Face, side: int = SIDE) -> NDArray[np.uint8]:
    """The aligned face ``(side, side, 3)``; beyond the photo's border its outermost pixels are repeated."""
    return square(pixels, face.matrix_to(side), side)


def square(pixels: Pixels, matrix: Matrix, side: int) -> NDArray[np.uint8]:
    """A square window ``(side, side, 3)`` of a photo, in 8 bits; ``matrix`` takes the photo's pixels to the
    window's. What is shrunk is averaged first."""
    back = inverse(matrix)
    region = _region(back, side, pixels.shape)
    factor = max(1, int(scale_of(back)))
    small = shrink(pixels[region.top : region.bottom, region.left : region.right], factor)
    y, x = np.divmod(np.arange(side * side), side)
    places = moved(np.stack((x, y), -1), back) - (region.left, region.top)
    places = (places + 0.5) / factor - 0.5
    limits = np.array((small.shape[1], small.shape[0])) - 1
    values = _sampled(small.astype(np.float32), np.clip(places, 0, limits))
    return np.round(values).astype(np.uint8).reshape(side, side, 3)


def put_back(
    pixels: Pixels, faces: Sequence[Face], changes: Sequence[Change], strength: float, gray: bool
) -> None:
    """Add the ``changes`` ``(side, side, 3)``, in steps, to the faces, in place.

    All changes have one side. Overlapping faces are blended independently of their order. ``gray``: all
    colours get the same change.
    """
    side = len(changes[0]) if changes else SIDE
    matrices = [face.matrix_to(side) for face in faces]
    regions = [_region(inverse(matrix), side, pixels.shape) for matrix in matrices]
    for index, (matrix, change, region) in enumerate(zip(matrices, changes, regions, strict=True)):
        matched = change.astype(np.float32) * CHANGE_STEP
        matched -= _rim(matched)
        if gray:
            matched = np.broadcast_to(matched.mean(2, keepdims=True), matched.shape)
        others = [
            other
            for place, (other, taken) in enumerate(zip(matrices, regions, strict=True))
            if place != index and _meet(region, taken)
        ]
        _add(pixels, region, matrix, matched, others, strength)


def _rim(change: Patch) -> Patch:
    """The mean colour of the change where it fades out: without it the face matches its surroundings."""
    weight = feather(len(change)) * (1 - feather(len(change)))
    mean: Patch = np.einsum("yx,yxc->c", weight, change) / weight.sum()
    return mean


def _region(back: Matrix, side: int, shape: Sequence[int]) -> Box:
    """The part of a photo that a square covers; ``back`` maps the square to the photo's pixels."""
    corners = moved(np.array([(0, 0), (side, 0), (0, side), (side, side)]) - 0.5, back)
    left, top = np.floor(corners.min(0)).astype(int)
    right, bottom = np.ceil(corners.max(0)).astype(int) + 1
    rows, columns = shape[0], shape[1]
    top, left = int(np.clip(top, 0, rows - 1)), int(np.clip(left, 0, columns - 1))
    return Box(top, left, max(top + 1, min(int(bottom), rows)), max(left + 1, min(int(right), columns)))


def _meet(first: Box, second: Box) -> bool:
    return (
        first.top < second.bottom
        and second.top < first.bottom
        and first.left < second.right
        and second.left < first.right
    )


def _add(
    pixels: Pixels, region: Box, matrix: Matrix, change: Patch, others: list[Matrix], strength: float
) -> None:
    top = int(np.iinfo(pixels.dtype).max)
    layers = np.concatenate((change * (strength * top), np.ones_like(change[..., :1])), axis=2)
    weight = feather(len(change))[..., None]
    layers *= weight
    rows = max(1, _BAND_PIXELS // region.columns)
    for first in range(region.top, region.bottom, rows):
        last = min(region.bottom, first + rows)
        y, x = np.mgrid[first:last, region.left : region.right]
        at = np.stack((x.ravel(), y.ravel()), -1)
        mine = _sampled(layers, moved(at, matrix), outside=0)
        total = mine[:, 3:] + sum(_sampled(weight, moved(at, m), outside=0) for m in others)
        added = (mine[:, :3] / np.maximum(total, 1)).reshape(last - first, region.columns, 3)
        target = pixels[first:last, region.left : region.right]
        if target.ndim == 2:
            added = added.mean(2)
        target[...] = np.clip(np.round(target + added), 0, top)


def _sampled(plane: NDArray[np.float32], places: NDArray[Any], outside: float | None = None) -> Patch:
    """Values ``(n, channels)`` of ``plane`` at x and y ``(n, 2)``, interpolated linearly.

    Places must lie within the pixels' centres, unless a value ``outside`` is given.
    """
    rows, columns = plane.shape[:2]
    x, y = places[:, 0], places[:, 1]
    within = (x >= 0) & (y >= 0) & (x <= columns - 1) & (y <= rows - 1)
    left = np.clip(np.floor(x), 0, max(columns - 2, 0)).astype(np.intp)
    upper = np.clip(np.floor(y), 0, max(rows - 2, 0)).astype(np.intp)
    right, lower = np.minimum(left + 1, columns - 1), np.minimum(upper + 1, rows - 1)
    across, down = ((x - left)[:, None].astype(np.float32), (y - upper)[:, None].astype(np.float32))
    above = plane[upper, left] * (1 - across) + plane[upper, right] * across
    below = plane[lower, left] * (1 - across) + plane[lower, right] * across
    values = above * (1 - down) + below * down
    if outside is not None:
        values[~within] = outside
    return np.asarray(values, np.float32)
