"""Face detection: the finder runs over an image pyramid and merges overlapping detections.

The network detects faces of some 20 to 56 pixels; a face of any size has such a width in one or two levels
of the pyramid. Each detection is then verified by a second run on an upright window.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edge.photo.bands import Pixels
from edge.restore.faces.alignment import TEMPLATE, Points, face_width, inverse, moved, similarity
from edge.restore.faces.face import MAX_FACES, MIN_WIDTH, Face, in_box, square
from edge.restore.options import Options
from edge.restore.passes import part_maps
from edge.restore.tiles.cells import shrink
from edge.restore.tiles.parts import LoadedPart

POINT_UNIT = 4.0
"""Unit in pixels of the points that the network returns, relative to the centre of a cell."""

SMALLEST_SIDE = 16
"""A photo is halved until its longer side would be smaller."""

SAME_PLACE, SAME_SIZE = 0.5, 2.0
"""Two detections are one face if their centres are nearer than this share of its width, and their widths
within this factor."""

FIRST_LOOK, SECOND_LOOK = 0.2, 0.05
"""Scores required for a second run, and of it."""

UPRIGHT = 0.998
"""The score of one face from which a photo is taken to stand upright; if none reaches it, it is looked at
in the other three directions. Of held-out portraits 90 % reach it, upside down 5 % (0.99: 97, 12 %)."""

SURE = 0.99
"""The score that one face of another direction must reach for that direction to count."""

TURNED_SIDE = 512
"""Longest side in pixels of the photo that is looked at in other directions."""

MAX_LOOKS = 200
"""Detections that get a second run, the highest scores first."""

POINT_GRID = 64
"""Points are rounded to 1/64 pixel, so that the last bits of a float library don't decide a level."""

AGAIN_WIDTH, AGAIN_SIDE = 44.0, 128
"""Width of the face and side of its window in the second run, in pixels."""


def faces_to_refine(
    part: LoadedPart,
    pixels: Pixels,
    small: NDArray[np.uint8],
    factor: int,
    threshold: float,
    options: Options,
    min_width: float = MIN_WIDTH,
) -> list[Face]:
    """The faces in the boxes that the options give, or else the largest of a photo; see `find_faces`."""
    if isinstance(options.faces, tuple):
        marked = [in_box(*box) for box in options.faces]
        return [look_again(part, pixels, face) or face for face in marked]
    found = find_faces(part, pixels, small, factor, threshold, min_width)
    return sorted(found, key=lambda face: -face.width)[:MAX_FACES]


def find_faces(
    part: LoadedPart,
    pixels: Pixels,
    small: NDArray[np.uint8],
    factor: int,
    threshold: float,
    min_width: float,
) -> list[Face]:
    """The faces of a photo, the highest score first.

    Each detection is verified by a second run; its score is the geometric mean of both. Where no face is
    sure, the photo is also looked at lying on either side and upside down, and the direction in which
    faces are surest counts: all faces of a photo have one.

    Args:
        part: The finder.
        pixels: The photo ``(H, W[, 3])``.
        small: The photo shrunk by ``factor``, in 8 bits and colour.
        factor: A whole number.
        threshold: The least score.
        min_width: The least width in pixels.
    """
    levels = [(small, factor)]
    while max(small.shape[:2]) >= 2 * SMALLEST_SIDE:
        small, factor = shrink(small, 2), factor * 2
        levels.append((small, factor))
    upright = _verified(part, pixels, _first_look(part, levels, 0), threshold, min_width)
    if upright and upright[0].score >= UPRIGHT:
        return upright
    levels = [level for level in levels if max(level[0].shape[:2]) <= TURNED_SIDE]
    best, most = upright, sum(face.score - threshold for face in upright)
    for turns in (1, 2, 3):
        finds = _first_look(part, levels, turns)
        if max((_highest(face) for face in finds), default=0) < SURE:
            continue
        found = _verified(part, pixels, finds, threshold, min_width)
        total = sum(face.score - threshold for face in found)
        if found and found[0].score >= SURE and total > most:
            best, most = found, total
    return best


def _first_look(
    part: LoadedPart, levels: Sequence[tuple[NDArray[np.uint8], int]], turns: int
) -> list[Face]:
    """The detections in a photo shrunk by several factors, in the photo's own pixels.

    The network is shown each one turned by ``turns`` times 90 degrees counterclockwise.
    """
    finds: list[Face] = []
    maps = part_maps(part, [np.rot90(small, turns) for small, _ in levels])
    for (small, factor), found in zip(levels, maps, strict=True):
        for face in _finds(part, found, FIRST_LOOK):
            points = _turned_back(face.points, turns, small.shape)
            # The middle of a block of pixels is not the middle of its first pixel.
            finds.append(Face((points + 0.5) * factor - 0.5, face.score))
    return finds


def _turned_back(points: Points, turns: int, shape: tuple[int, ...]) -> Points:
    """Points in a picture of ``shape``, from those in it turned by ``turns`` times 90 degrees."""
    right, bottom = shape[1] - 1, shape[0] - 1
    x, y = points[:, 0], points[:, 1]
    back = ((x, y), (right - y, x), (right - x, bottom - y), (y, bottom - x))[turns]
    return np.stack(back, -1)


def _verified(
    part: LoadedPart, pixels: Pixels, finds: Sequence[Face], threshold: float, min_width: float
) -> list[Face]:
    """The detections that a second look confirms, as far as they are sure and wide enough."""
    # The second look may find a face somewhat wider.
    large = [
        face for face in merged(finds) if face.width >= 0.8 * min_width and _highest(face) >= threshold
    ]
    again = [look_again(part, pixels, face) for face in large[:MAX_LOOKS]]
    scored = [
        Face(second.points, math.sqrt(first.score * second.score))
        for first, second in zip(large, again, strict=False)
        if second is not None
    ]
    return merged([face for face in scored if face.score >= threshold and face.width >= min_width])


def _highest(first: Face) -> float:
    """The highest score of both looks together that a face has after the first."""
    return math.sqrt(first.score)


def look_again(part: LoadedPart, pixels: Pixels, face: Face) -> Face | None:
    """The face from a second run on an upright window at the photo's own resolution, which locates its
    points more exactly and rejects false detections; None if there is none."""
    middle = (AGAIN_SIDE - 1) / 2
    upright = (TEMPLATE - TEMPLATE.mean(0)) * (AGAIN_WIDTH / face_width(TEMPLATE)) + middle
    matrix = similarity(face.points, upright)
    (seen,) = part_maps(part, [square(pixels, matrix, AGAIN_SIDE)])
    near = [
        found
        for found in _finds(part, seen, SECOND_LOOK)
        if math.dist(found.middle, (middle, middle)) < SAME_PLACE * AGAIN_WIDTH
    ]
    if not near:
        return None
    best = merged(near)[0]
    again = Face(_rounded(moved(best.points, inverse(matrix))), best.score)
    # A find much smaller than a pixel ends in one point.
    return again if again.width > 0 else None


def _finds(part: LoadedPart, found: NDArray[np.float32], threshold: float) -> list[Face]:
    """The detections of single cells in a picture's map, in its pixels."""
    with np.errstate(over="ignore"):  # a logit far below zero is no face at all
        score = 1 / (1 + np.exp(-found[..., 0]))
    rows, columns = np.nonzero(score >= threshold)
    stride = part.part.stride
    middles = np.stack((columns, rows), -1) * stride + (stride - 1) / 2
    points = found[rows, columns, 1:].reshape(-1, 5, 2) * POINT_UNIT + middles[:, None]
    faces = [
        Face(each.astype(np.float64), float(sure))
        for each, sure in zip(points, score[rows, columns], strict=True)
    ]
    return [face for face in faces if face.width > 0]


def merged(finds: Sequence[Face]) -> list[Face]:
    """Overlapping detections merged into one face, their points averaged by score; highest score first."""
    left = sorted(finds, key=lambda face: -face.score)
    faces = []
    while left:
        best = left[0]
        same = [face for face in left if _is_same(best, face)]
        weights = np.array([face.score for face in same])
        points = np.average([face.points for face in same], axis=0, weights=weights)
        faces.append(Face(_rounded(points), best.score))
        left = [face for face in left if not _is_same(best, face)]
    return faces


def _rounded(points: Points) -> Points:
    return np.round(points * POINT_GRID) / POINT_GRID


def _is_same(best: Face, other: Face) -> bool:
    away = math.dist(best.middle, other.middle)
    wide = max(best.width, other.width)
    return away < SAME_PLACE * wide and wide < SAME_SIZE * min(best.width, other.width)
