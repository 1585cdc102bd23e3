"""Alignment and putting back: nothing outside the feathered face changes, whatever lies where."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.restore.faces.alignment import (
    SIDE,
    TEMPLATE,
    face_width,
    inverse,
    moved,
    scale_of,
    similarity,
)
from edge.restore.faces.face import CHANGE_STEP, FADED, RADII, Change, Face, feather, in_box, put_back, take


def face(width: float, angle: float = 0, at: tuple[float, float] = (200, 150)) -> Face:
    """A face of that width, turned by ``angle`` degrees, whose points' mean lies ``at`` x and y."""
    spread = (TEMPLATE - TEMPLATE.mean(0)) * width / face_width(TEMPLATE)
    turn = math.radians(angle)
    rotation = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    return Face(spread @ rotation.T + at, 0.9)


def smooth(height: int, width: int, dtype: type = np.uint8) -> NDArray[np.uint8]:
    y, x = np.mgrid[:height, :width]
    plane = 0.5 + 0.3 * np.sin(x / 31) * np.cos(y / 23)
    colours = np.stack([plane, plane * 0.8, 1 - plane], -1)
    return np.round(colours * np.iinfo(dtype).max).astype(dtype)


@pytest.mark.parametrize("angle", [0, 30, -30, 170])
@pytest.mark.parametrize("scale", [0.2, 1, 7])
def test_a_similarity_is_found_and_taken_back(angle: float, scale: float) -> None:
    turn = scale * np.exp(1j * math.radians(angle))
    p = TEMPLATE[:, 0] + 1j * TEMPLATE[:, 1]
    q = turn * p + (30 - 12j)
    matrix = similarity(TEMPLATE, np.stack((q.real, q.imag), -1))
    assert scale_of(matrix) == pytest.approx(scale)
    assert np.allclose(moved(TEMPLATE, matrix), np.stack((q.real, q.imag), -1))
    assert np.allclose(moved(moved(TEMPLATE, matrix), inverse(matrix)), TEMPLATE)


def test_a_similarity_is_the_best_in_least_squares() -> None:
    rng = np.random.default_rng(0)
    target = TEMPLATE + rng.normal(0, 6, TEMPLATE.shape)
    best = similarity(TEMPLATE, target)
    least = ((moved(TEMPLATE, best) - target) ** 2).sum()
    for change in rng.normal(0, 1e-3, (50, 4)):
        a, b, x, y = change
        other = best + np.array([[a, -b, 100 * x], [b, a, 100 * y]])
        assert ((moved(TEMPLATE, other) - target) ** 2).sum() >= least


def test_points_that_coincide_are_refused() -> None:
    with pytest.raises(ValueError, match="coincide"):
        similarity(np.ones((5, 2)), TEMPLATE)


def test_the_feather_ends_inside_the_aligned_square() -> None:
    mask = feather()
    border = np.concatenate((mask[0], mask[-1], mask[:, 0], mask[:, -1]))
    assert border.max() == 0 and mask.max() == 1
    assert all(mask[round(y), round(x)] == 1 for x, y in TEMPLATE)  # eyes, nose and mouth
    assert np.abs(np.diff(mask, axis=1)).max() < 0.06  # no edge


@pytest.mark.parametrize("width", [50.0, 177.0, 500.0])
@pytest.mark.parametrize("angle", [0.0, 25.0])
def test_an_aligned_face_shows_the_photo(width: float, angle: float) -> None:
    photo = smooth(1200, 1600)
    found = face(width, angle, at=(800, 600))
    aligned = take(photo, found)
    y, x = np.mgrid[20:236:8, 20:236:8]
    places = moved(np.stack((x, y), -1).reshape(-1, 2), inverse(found.matrix))
    expected = photo[np.round(places[:, 1]).astype(int), np.round(places[:, 0]).astype(int)]
    assert np.abs(aligned[y.ravel(), x.ravel()].astype(int) - expected).max() <= max(6, width / 60)


def test_nothing_outside_the_feathered_face_changes() -> None:
    photo = smooth(400, 500)
    found = face(120, 20)
    changed = photo.copy()
    put_back(changed, [found], [busy(1)], 1.0, gray=False)
    y, x = np.mgrid[:400, :500]
    inside = moved(np.stack((x, y), -1).reshape(-1, 2), found.matrix)
    radius = np.hypot((inside[:, 0] - 128) / RADII[0], (inside[:, 1] - 138) / RADII[1]).reshape(400, 500)
    different = (changed != photo).any(-1)
    assert different.any() and not different[radius > FADED].any()
    assert different[radius < 0.5].mean() > 0.8


def test_a_change_of_everything_alike_is_no_change() -> None:
    photo = smooth(400, 500)
    changed = photo.copy()
    put_back(changed, [face(150)], [steps(np.full((SIDE, SIDE, 3), 0.2))], 1.0, gray=False)
    assert np.array_equal(changed, photo)  # the face keeps its surroundings' colour


def test_a_change_comes_back_where_it_was_taken() -> None:
    photo = np.full((400, 500, 3), 100, np.uint8)
    found = face(150, -15)
    change = np.zeros((SIDE, SIDE, 3), np.float32)
    change[100:120, 110:150] = 0.4
    put_back(photo, [found], [steps(change)], 1.0, gray=False)
    again = take(photo, found).astype(int) - 100
    assert again[108:112, 120:140].min() > 95 and np.abs(again[150:200, 60:190]).max() <= 6
    half = np.full((400, 500, 3), 100, np.uint8)
    put_back(half, [found], [steps(change)], 0.5, gray=False)
    assert take(half, found)[110, 130].max() == pytest.approx(100 + 0.2 * 255, abs=3)


def test_overlapping_faces_share_whatever_their_order() -> None:
    photo = smooth(400, 500)
    faces = [face(140, 0, (200, 180)), face(140, 10, (270, 190)), face(90, 0, (150, 260))]
    changes = [busy(seed) for seed in range(3)]
    one, other = photo.copy(), photo.copy()
    put_back(one, faces, changes, 1.0, gray=False)
    put_back(other, faces[::-1], changes[::-1], 1.0, gray=False)
    assert np.abs(one.astype(int) - other).max() <= 1
    # Two faces at one place have together what one has alone.
    alone, twice = photo.copy(), photo.copy()
    put_back(alone, faces[:1], changes[:1], 1.0, gray=False)
    put_back(twice, [faces[0], faces[0]], [changes[0], changes[0]], 1.0, gray=False)
    middle = (slice(170, 200), slice(190, 210))
    assert np.abs(alone[middle].astype(int) - twice[middle]).max() <= 1


@pytest.mark.parametrize("at", [(0, 0), (499, 399), (-20, 200), (250, 420)])
def test_faces_at_the_border_are_refined_as_far_as_they_reach(at: tuple[float, float]) -> None:
    photo = smooth(400, 500)
    found = face(150, 10, at)
    assert take(photo, found).shape == (SIDE, SIDE, 3)
    changed = photo.copy()
    put_back(changed, [found], [busy(2)], 1.0, gray=False)
    assert (changed != photo).any()


@pytest.mark.parametrize("shape", [(1, 1), (3, 700)])
def test_photos_smaller_than_a_face(shape: tuple[int, int]) -> None:
    photo = smooth(*shape)
    found = face(60, 0, (0, 0))
    put_back(photo, [found], [busy(0)], 1.0, gray=False)
    assert take(photo, found).shape == (SIDE, SIDE, 3)


def test_sixteen_bits_and_gray_photos() -> None:
    deep = smooth(300, 400, np.uint16)
    shallow = (deep // 257).astype(np.uint8)
    assert np.abs(take(deep, face(120)).astype(int) - take(shallow, face(120))).max() <= 1
    put_back(deep, [face(120)], [busy(3)], 1.0, gray=False)
    put_back(shallow, [face(120)], [busy(3)], 1.0, gray=False)
    assert np.abs(deep // 257 - shallow.astype(int)).max() <= 2
    gray = smooth(300, 400)[..., 0].copy()
    before = gray.copy()
    put_back(gray, [face(120)], [busy(3)], 1.0, gray=True)
    assert gray.ndim == 2 and (gray != before).any()
    colour = np.repeat(before[..., None], 3, 2)
    put_back(colour, [face(120)], [busy(3)], 1.0, gray=True)
    assert np.ptp(colour.astype(int), axis=2).max() == 0


def test_a_marked_box_is_a_face_that_fills_it() -> None:
    marked = in_box(100, 40, 80, 91)
    left, top, width, height = marked.box
    assert (left, top, width, height) == pytest.approx((100, 40, 80, 91), abs=1)
    assert marked.points[0, 0] < marked.points[1, 0] and marked.points[0, 1] < marked.points[3, 1]


def busy(seed: int) -> Change:
    return steps(np.random.default_rng(seed).normal(0, 0.1, (SIDE, SIDE, 3)))


def steps(real: NDArray[Any]) -> Change:
    return np.round(real / CHANGE_STEP).astype(np.int16)
