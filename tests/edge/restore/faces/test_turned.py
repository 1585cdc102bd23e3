"""Faces that lie on their side or upside down: the photo is looked at in the direction that shows them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.restore.faces import finder
from edge.restore.faces.alignment import TEMPLATE, face_width
from edge.restore.faces.face import Face
from edge.restore.faces.finder import find_faces

HAIR, CHIN = (255, 0, 0), (0, 0, 255)


def upright(x: float, y: float, width: float) -> NDArray[np.float64]:
    return (TEMPLATE - TEMPLATE.mean(0)) * width / face_width(TEMPLATE) + (x, y)


class Sees:
    """Stands for the network: sees discs of 20 to 56 pixels whose red half is above the blue one."""

    class part:  # noqa: N801
        stride = 8

    def __init__(self, logit: float) -> None:
        self.logit = logit
        self.seen: list[tuple[int, int]] = []

    def part_maps(self, _: Any, pictures: list[NDArray[np.uint8]]) -> list[NDArray[np.float32]]:
        return [self.part_map(picture) for picture in pictures]

    def part_map(self, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        self.seen.append(picture.shape[:2])
        rows, columns = -(-picture.shape[0] // 8), -(-picture.shape[1] // 8)
        reported = np.full((rows, columns, 11), -9, np.float32)
        levels = picture.astype(int)
        red, blue = (levels[..., c] - levels[..., 2 - c] > 128 for c in (0, 2))
        # Discs lie one after the other along the longer side.
        along = 0 if picture.shape[0] > picture.shape[1] else 1
        taken = np.nonzero((red | blue).any(1 - along))[0]
        for run in np.split(taken, np.nonzero(np.diff(taken) > 1)[0] + 1):
            index: Any = (slice(None),) * along + (run,)
            top, down = np.zeros_like(red), np.zeros_like(red)
            top[index], down[index] = red[index], blue[index]
            if not (top.any() and down.any()):
                continue
            (y, x), (below, beside) = np.nonzero(top), np.nonzero(down)
            width = np.sqrt(4 / np.pi * (top.sum() + down.sum()))
            centre = np.array((x.mean() + beside.mean(), y.mean() + below.mean())) / 2
            is_upright = below.mean() - y.mean() > 2 * abs(beside.mean() - x.mean())
            if 20 <= width <= 56 and is_upright:
                row, column = (centre[::-1] // 8).astype(int)
                reported[row, column, 0] = self.logit
                middle = np.array((column, row)) * 8 + 3.5
                points = (upright(*centre, width) - middle) / finder.POINT_UNIT
                reported[row, column, 1:] = points.ravel()
        return reported


def photo_with(*faces: tuple[float, float, float]) -> NDArray[np.uint8]:
    """Upright faces: their x and y, and their width."""
    photo = np.full((300, 500, 3), 255, np.uint8)
    y, x = np.mgrid[:300, :500]
    for at, down, width in faces:
        disc = np.hypot(x - at, y - down) <= width / 2
        photo[disc & (y < down)] = HAIR
        photo[disc & (y >= down)] = CHIN
    return photo


def turned(points: NDArray[Any], turns: int, shape: tuple[int, ...]) -> NDArray[Any]:
    """Points of a photo of ``shape`` in the photo turned counterclockwise."""
    height, width = shape[:2]
    for _ in range(turns):
        points = np.stack((points[:, 1], width - 1 - points[:, 0]), -1)
        height, width = width, height
    return points


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_the_faces_of_a_photo_that_lies_are_found(monkeypatch: pytest.MonkeyPatch, turns: int) -> None:
    network = Sees(6)
    monkeypatch.setattr(finder, "part_maps", network.part_maps)
    faces = (120, 150, 44), (380, 140, 50)
    photo = photo_with(*faces)
    lying = np.ascontiguousarray(np.rot90(photo, turns))
    found = find_faces(network, lying, lying, 1, 0.8, 0)  # type: ignore[arg-type]
    assert len(found) == 2
    for face in faces:
        wanted = turned(upright(*face), turns, photo.shape)
        nearest: Face = min(found, key=lambda other: float(np.abs(other.points - wanted).max()))
        assert np.abs(nearest.points - wanted).max() < 4


def test_a_photo_with_a_sure_face_is_looked_at_upright_only(monkeypatch: pytest.MonkeyPatch) -> None:
    for logit, turns in ((7, False), (6, True), (3, True)):
        network = Sees(logit)
        monkeypatch.setattr(finder, "part_maps", network.part_maps)
        photo = photo_with((250, 150, 44))
        assert len(find_faces(network, photo, photo, 1, 0.8, 0)) == 1  # type: ignore[arg-type]
        assert any(height > width for height, width in network.seen) == turns


def test_a_doubtful_face_of_another_direction_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Sees(2)
    monkeypatch.setattr(finder, "part_maps", network.part_maps)
    photo = photo_with((250, 150, 44))
    lying = np.ascontiguousarray(np.rot90(photo))
    assert len(find_faces(network, photo, photo, 1, 0.8, 0)) == 1  # type: ignore[arg-type]
    assert find_faces(network, lying, lying, 1, 0.8, 0) == []  # type: ignore[arg-type]


def test_only_a_small_photo_is_looked_at_in_other_directions(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Sees(6)
    monkeypatch.setattr(finder, "part_maps", network.part_maps)
    photo = np.full((600, 900, 3), 255, np.uint8)
    assert find_faces(network, photo, photo, 1, 0.8, 0) == []  # type: ignore[arg-type]
    upright_looks = [(600, 900), (300, 450), (150, 225), (75, 113), (38, 57), (19, 29)]
    halves = upright_looks[1:]
    side = [(width, height) for height, width in halves]
    assert network.seen == [*upright_looks, *side, *halves, *side]
