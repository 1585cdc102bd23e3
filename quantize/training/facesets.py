"""Photos with labelled faces: reading the labels, and cutting windows in which faces have a chosen size.

A label file is JSON: for each photo's name a list of faces, each ``{"points": five pairs, "score": 0..1}``;
for a portrait one such object, or just the five pairs. ``score`` may be missing (1), and so may ``group``,
by which portraits are drawn evenly.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np
import torch
from msgspec import Meta
from numpy.typing import NDArray
from torch import Generator, Tensor
from torch.nn import functional as F

from convert.errors import PhotoSetError
from convert.oldphotos.photosets import decoded_photos, is_held_out
from convert.oldphotos.sources import SetAside
from edge.files import read_bounded, reason_of
from edge.restore.faces.alignment import Matrix, face_width, inverse

CERTAIN = 0.8
"""Labels below this score may be cats or statues: they are left out of the loss."""

MAX_LABELS = 256 << 20
"""Bytes of a label file."""

FARTHEST = 1e6
"""Largest coordinate of a point in pixels; it may lie outside its photo."""

MAX_ENLARGED = 1.5
"""Largest enlargement of a face: a larger one would only be blurred."""


@dataclass(frozen=True)
class LabelledPhoto:
    """A photo ``(H, W, 3)`` uint8 and its faces: points ``(n, 5, 2)`` and whether each is certain."""

    pixels: Tensor
    points: NDArray[np.float64]
    certain: NDArray[np.bool_]


@dataclass(frozen=True)
class FaceSet:
    """Labelled photos. ``faces`` are the certain faces by group, as photo and index into its points;
    ``without`` are the photos with no face at all."""

    photos: tuple[LabelledPhoto, ...]
    faces: dict[str, list[tuple[int, int]]]
    without: list[int]


def load_faces(
    sources: Sequence[Path], labels: Sequence[Path], min_side: int, aside: list[SetAside]
) -> tuple[FaceSet, FaceSet]:
    """The labelled photos of folders and tar files, to train with and held out.

    Photos that can't be decoded are added to ``aside``. Raises PhotoSetError.
    """
    chosen: tuple[list[tuple[str, LabelledPhoto]], list[tuple[str, LabelledPhoto]]] = ([], [])
    for name, photo, group in labelled_photos(sources, labels, min_side, aside):
        chosen[is_held_out(name)].append((group, photo))
    sets = tuple(map(_face_set, chosen))
    if not all(each.faces for each in sets):
        listed = ", ".join(map(str, labels))
        raise PhotoSetError(f"Too few of the photos have faces in {listed}: give photos and their labels.")
    return sets[0], sets[1]


class _Label(msgspec.Struct):
    points: Annotated[list[tuple[float, float]], Meta(min_length=5, max_length=5)]
    score: float = 1.0
    group: str = "photo"


def _labels(value: Any) -> list[_Label]:
    faces = value if isinstance(value, list) else [value]
    if faces and isinstance(faces[0], list):
        faces = [{"points": faces}]
    labels = msgspec.convert(faces, list[_Label])
    for label in labels:
        points = np.array(label.points, np.float64)
        if np.abs(points).max() > FARTHEST or not face_width(points) >= 1:
            raise ValueError("five points that are no face")
    return labels


def labelled_photos(
    sources: Sequence[Path], labels: Sequence[Path], min_side: int, aside: list[SetAside]
) -> Iterator[tuple[str, LabelledPhoto, str]]:
    """Name, photo and group of every photo that the label files name; as `load_faces`."""
    known: dict[str, list[_Label]] = {}
    for path in labels:
        try:
            given = msgspec.json.decode(read_bounded(path, MAX_LABELS), type=dict[str, Any])
            known |= {name: _labels(value) for name, value in given.items()}
        except (OSError, msgspec.MsgspecError, ValueError, RecursionError) as error:
            reason = f"{path} holds no labels of faces ({reason_of(error)}): see docs/guide/faces.md."
            raise PhotoSetError(reason) from error
    for name, pixels in decoded_photos(list(sources), min_side, aside):
        if name in known:
            faces = known[name]
            group = faces[0].group if faces else "photo"
            points = np.array([face.points for face in faces], np.float64).reshape(-1, 5, 2)
            certain = np.array([face.score >= CERTAIN for face in faces], np.bool_)
            yield name, LabelledPhoto(pixels, points, certain), group


def _face_set(chosen: list[tuple[str, LabelledPhoto]]) -> FaceSet:
    faces: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for place, (group, photo) in enumerate(chosen):
        for index in np.flatnonzero(photo.certain):
            faces[group].append((place, int(index)))
    without = [place for place, (_, photo) in enumerate(chosen) if not len(photo.points)]
    return FaceSet(tuple(photo for _, photo in chosen), dict(faces), without)


def random_face(faces: FaceSet, rng: Generator) -> tuple[LabelledPhoto, int]:
    """A photo and the index of one of its faces; groups are drawn evenly."""
    groups = list(faces.faces.values())
    group = groups[whole(len(groups), rng)]
    place, index = group[whole(len(group), rng)]
    return faces.photos[place], index


def whole(count: int, rng: Generator) -> int:
    """A whole number in ``0..count-1``."""
    return int(torch.randint(count, (), generator=rng))


def between(low: float, high: float, rng: Generator) -> float:
    """A uniform number."""
    return low + (high - low) * float(torch.rand((), generator=rng))


def window(pixels: Tensor, matrix: Matrix, side: int) -> tuple[Tensor, Tensor]:
    """A square window of a photo: ``matrix`` takes the photo's pixels to the window's.

    Returns ``(3, side, side)`` in 0..1, and where the photo reaches, ``(1, side, side)`` of 0 and 1. A
    photo that is shrunk is averaged first.
    """
    back = inverse(matrix)
    shrunk = max(1, math.floor(math.hypot(back[0, 0], back[1, 0])))
    photo = pixels.permute(2, 0, 1)[None].float() / 255
    if shrunk > 1:
        photo = F.avg_pool2d(photo, shrunk, ceil_mode=True, count_include_pad=False)
        back = np.concatenate((back[:, :2], back[:, 2:] - (shrunk - 1) / 2), axis=1) / shrunk
    height, width = photo.shape[2:]
    # From pixels to grid_sample's -1..1, whose -1 is the outer edge of the first pixel.
    x, y = np.meshgrid(np.arange(side), np.arange(side))
    places = np.stack((x, y), -1) @ back[:, :2].T + back[:, 2]
    grid = torch.from_numpy((places + 0.5) / (width, height) * 2 - 1).float()[None]
    seen = F.grid_sample(photo, grid, mode="bilinear", padding_mode="border", align_corners=False)[0]
    inside = (grid[0].abs() <= 1).all(-1)[None].float()
    return seen, inside


def placed(points: NDArray[np.float64], width: float, angle: float, at: tuple[float, float]) -> Matrix:
    """The similarity that makes a face ``width`` pixels wide, turns it by ``angle`` (radians) and puts
    its middle ``at`` x and y."""
    turn = width / face_width(points) * turning(angle)
    return np.column_stack((turn, np.asarray(at) - turn @ points.mean(0)))


def turning(angle: float) -> NDArray[np.float64]:
    """The rotation by ``angle`` (radians)."""
    return np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])


def mirrored_points(points: NDArray[np.float64], side: int) -> NDArray[np.float64]:
    """Points ``(..., 5, 2)`` in a picture of ``side`` pixels that is flipped left to right."""
    swapped = points[..., [1, 0, 2, 4, 3], :]
    return swapped * (-1, 1) + (side - 1, 0)
