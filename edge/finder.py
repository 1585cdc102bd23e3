"""Finding faces: the finder's network sees the photo at every half of its size, and what it says is merged.

The network knows faces of some 20 to 56 pixels. A face of any size has such a width at one of the halves,
or at two, so that each is found once more or less surely and at most twice.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edge.alignment import face_width, inverse, moved
from edge.bands import Pixels
from edge.cells import shrink
from edge.faces import Face, in_box, square
from edge.parts import LoadedPart
from edge.passes import part_map

POINT_UNIT = 4.0
"""Pixels: the network counts points from the middle of a cell in these."""

SMALLEST_SIDE = 16
"""A photo is halved until its longer side would be smaller."""

SAME_PLACE, SAME_SIZE = 0.5, 2.0
"""Two finds are one face if their middles are nearer than this share of its width, and their widths within
this factor."""

BOX_WIDTH, BOX_SIDE = 38.0, 128
"""A face whose box is given is shown so wide, in a window of so many pixels."""

LEAST_IN_BOX = 0.1
"""Where a box was given, the network only has to say where the points are."""


def find_faces(part: LoadedPart, picture: NDArray[np.uint8], threshold: float) -> list[Face]:
    """All faces of ``picture`` ``(h, w, 3)``, the surest first."""
    found: list[Face] = []
    factor = 1
    while True:
        for face in _finds(part, picture, threshold):
            # The middle of a block of pixels is not the middle of its first pixel.
            found.append(Face((face.points + 0.5) * factor - 0.5, face.score))
        if max(picture.shape[:2]) < 2 * SMALLEST_SIDE:
            return merged(found)
        picture, factor = shrink(picture, 2), factor * 2


def face_in_box(part: LoadedPart, pixels: Pixels, box: tuple[float, float, float, float]) -> Face:
    """The face of a photo that a person has marked: left, top, width, height in pixels."""
    marked = in_box(*box)
    middle = np.array((BOX_SIDE / 2, BOX_SIDE / 2))
    scale = BOX_WIDTH / marked.width
    centre = marked.points.mean(0)
    matrix = np.array(
        [[scale, 0, middle[0] - scale * centre[0]], [0, scale, middle[1] - scale * centre[1]]]
    )
    near = [
        face
        for face in _finds(part, square(pixels, matrix, BOX_SIDE), LEAST_IN_BOX)
        if np.linalg.norm(face.points.mean(0) - middle) < SAME_PLACE * BOX_WIDTH
    ]
    if not near:
        return marked
    best = merged(near)[0]
    return Face(moved(best.points, inverse(matrix)), 1.0)


def _finds(part: LoadedPart, picture: NDArray[np.uint8], threshold: float) -> list[Face]:
    """What single cells say, in the picture's pixels."""
    found = part_map(part, picture)
    score = 1 / (1 + np.exp(-found[..., 0]))
    rows, columns = np.nonzero(score >= threshold)
    stride = part.part.stride
    middles = np.stack((columns, rows), -1) * stride + (stride - 1) / 2
    points = found[rows, columns, 1:].reshape(-1, 5, 2) * POINT_UNIT + middles[:, None]
    return [
        Face(each.astype(np.float64), float(s))
        for each, s in zip(points, score[rows, columns], strict=True)
        if face_width(each) > 0
    ]


def merged(finds: Sequence[Face]) -> list[Face]:
    """One face for all that is said of it: points are averaged by how sure each is. The surest first."""
    left = sorted(finds, key=lambda face: -face.score)
    faces = []
    while left:
        best = left[0]
        same = [face for face in left if _is_same(best, face)]
        weights = np.array([face.score for face in same])
        points = np.average([face.points for face in same], axis=0, weights=weights)
        faces.append(Face(points, best.score))
        left = [face for face in left if not _is_same(best, face)]
    return faces


def _is_same(best: Face, other: Face) -> bool:
    away = float(np.linalg.norm(best.points.mean(0) - other.points.mean(0)))
    wide = max(best.width, other.width)
    return away < SAME_PLACE * wide and wide < SAME_SIZE * min(best.width, other.width)
