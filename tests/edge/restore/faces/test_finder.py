"""Finding faces with a network that knows one face: what is merged, scaled and looked at again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.bundle.bundle import open_bundle
from edge.bundle.manifest import Precision
from edge.restore.faces import finder
from edge.restore.faces.alignment import TEMPLATE, face_width
from edge.restore.faces.face import Face, in_box
from edge.restore.faces.finder import find_faces, look_again, merged
from edge.restore.passes import part_maps
from edge.restore.tiles.parts import Usage, load_part

INK = (255, 0, 0)


def at(x: float, y: float, width: float, score: float = 0.9, angle: float = 0) -> Face:
    spread = (TEMPLATE - TEMPLATE.mean(0)) * width / face_width(TEMPLATE)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return Face(spread @ turn.T + (x, y), score)


class Knows:
    """Stands for the network: it sees a face of 20 to 56 pixels in a red disc of that width."""

    def __init__(self, bias: float = 0) -> None:
        self.bias = bias
        self.looks = self.second_looks = 0

    def part_maps(self, _: Any, pictures: list[NDArray[np.uint8]]) -> list[NDArray[np.float32]]:
        return [self.part_map(picture) for picture in pictures]

    def part_map(self, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        self.looks += 1
        self.second_looks += picture.shape[:2] == (finder.AGAIN_SIDE, finder.AGAIN_SIDE)
        rows, columns = -(-picture.shape[0] // 8), -(-picture.shape[1] // 8)
        reported = np.full((rows, columns, 11), -9, np.float32)
        red = (picture[..., 0] > 128) & (picture[..., 1] < 128)
        if red.any():
            y, x = np.nonzero(red)
            width = np.sqrt(4 / np.pi * red.sum())
            centre = np.array((x.mean(), y.mean()))
            if 20 <= width <= 56:
                points = at(*centre, width).points + self.bias
                row, column = (centre[::-1] // 8).astype(int)
                reported[row, column, 0] = 3
                middle = np.array((column, row)) * 8 + 3.5
                reported[row, column, 1:] = ((points - middle) / finder.POINT_UNIT).ravel()
        return reported


class Part:
    """As much of a loaded part as the finder asks for."""

    class part:  # noqa: N801
        stride = 8


def photo_with_disc(width: float, x: float = 500, y: float = 300) -> NDArray[np.uint8]:
    photo = np.full((600, 900, 3), 255, np.uint8)
    yy, xx = np.mgrid[:600, :900]
    photo[np.hypot(xx - x, yy - y) <= width / 2] = INK
    return photo


@pytest.fixture
def knows(monkeypatch: pytest.MonkeyPatch) -> Knows:
    network = Knows()
    monkeypatch.setattr(finder, "part_maps", network.part_maps)
    return network


@pytest.mark.parametrize("width", [22, 40, 57, 90, 200, 420])
def test_a_face_of_any_size_is_found_once_where_it_is(knows: Knows, width: float) -> None:
    photo = photo_with_disc(width)
    (found,) = find_faces(Part(), photo, photo, 1, 0.5, 0)  # type: ignore[arg-type]
    expected = at(500, 300, width)
    assert found.width == pytest.approx(width, rel=0.1)
    assert np.abs(found.points - expected.points).max() < max(1.5, 0.05 * width)
    assert found.score == pytest.approx(1 / (1 + np.exp(-3)), abs=1e-3)


def test_a_shrunk_photo_gives_the_photos_own_pixels(knows: Knows) -> None:
    photo = photo_with_disc(160)
    small = photo.reshape(150, 4, 225, 4, 3).mean((1, 3)).round().astype(np.uint8)
    (found,) = find_faces(Part(), photo, small, 4, 0.5, 0)  # type: ignore[arg-type]
    assert np.abs(found.points - at(500, 300, 160).points).max() < 4


def test_the_second_look_corrects_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finder, "part_maps", Knows().part_maps)
    photo = photo_with_disc(300)
    found = look_again(Part(), photo, at(520, 280, 240))  # type: ignore[arg-type]
    assert found is not None
    assert np.abs(found.points - at(500, 300, 300).points).max() < 6
    assert look_again(Part(), photo, at(60, 60, 50)) is None  # type: ignore[arg-type]


def test_small_faces_and_doubtful_ones_are_left_out(knows: Knows) -> None:
    photo = photo_with_disc(40)
    assert find_faces(Part(), photo, photo, 1, 0.5, 48) == []  # type: ignore[arg-type]
    assert find_faces(Part(), photo, photo, 1, 0.99, 0) == []  # type: ignore[arg-type]


@pytest.mark.parametrize(("threshold", "expected"), [(0.5, 1), (0.98, 0)])
def test_no_second_look_is_had_that_decides_nothing(knows: Knows, threshold: float, expected: int) -> None:
    # The disc is seen in every direction, with 0.95: in none but the upright one that can be enough.
    photo = photo_with_disc(40)
    found = find_faces(Part(), photo, photo, 1, threshold, 0)  # type: ignore[arg-type]
    assert len(found) == knows.second_looks == expected


@pytest.mark.parametrize("size", [(1, 1), (3, 700), (17, 15)])
def test_photos_of_any_size_are_searched(knows: Knows, size: tuple[int, int]) -> None:
    photo = np.zeros((*size, 3), np.uint8)
    assert find_faces(Part(), photo, photo, 1, 0.5, 0) == []  # type: ignore[arg-type]
    assert knows.looks >= 1


def test_finds_of_one_face_are_merged_by_their_scores() -> None:
    finds = [at(100, 100, 40, 0.9), at(104, 100, 40, 0.3), at(300, 100, 40, 0.5), at(100, 100, 120, 0.4)]
    faces = merged(finds)
    assert [face.score for face in faces] == [0.9, 0.5, 0.4]
    assert faces[0].points.mean(0) == pytest.approx((101, 100), abs=0.5 / finder.POINT_GRID)
    assert merged(finds[::-1])[0].points == pytest.approx(faces[0].points)
    assert merged([]) == []


def test_a_find_that_shrinks_to_a_point_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    reported = np.full((16, 16, 11), -9, np.float32)
    points = at(0, 0, 44).points / finder.POINT_UNIT
    reported[8, 8] = [3, *points.ravel()]
    monkeypatch.setattr(finder, "part_maps", lambda *_: [reported])
    photo = photo_with_disc(200)
    assert look_again(Part(), photo, in_box(500, 300, 1e-4, 1e-4)) is None  # type: ignore[arg-type]
    assert look_again(Part(), photo, in_box(500, 300, 90, 90)) is not None  # type: ignore[arg-type]


def test_a_marked_face_is_looked_at_upright_or_taken_as_marked(knows: Knows) -> None:
    marked = in_box(400, 190, 200, 220)
    found = look_again(Part(), photo_with_disc(200), marked)  # type: ignore[arg-type]
    assert found is not None and np.abs(found.points - at(500, 300, 200).points).max() < 5
    assert look_again(Part(), photo_with_disc(200, 100, 100), marked) is None  # type: ignore[arg-type]


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_pictures_side_by_side_are_seen_as_each_alone(tiny_bundle: Path, precision: Precision) -> None:
    part = load_part(open_bundle(tiny_bundle), "finder", precision, 1, "litert", Usage())
    rng = np.random.default_rng(3)
    pictures = [rng.integers(0, 256, (*size, 3), np.uint8) for size in ((400, 330), (200, 165), (1, 9))]
    together = part_maps(part, pictures)
    assert part.room
    narrow = part_maps(replace(part, room=4000), pictures)
    tiled = part_maps(replace(part, room=None), pictures)
    for one, two, three in zip(together, narrow, tiled, strict=True):
        assert one.shape == two.shape and np.ptp(one) > 0
        np.testing.assert_allclose(one, two, rtol=0, atol=0 if precision == "int8" else 1e-5)
        np.testing.assert_allclose(one, three, rtol=0, atol=0 if precision == "int8" else 1e-5)
