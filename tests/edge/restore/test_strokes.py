"""Strokes against distances by real numbers; `strokes.json` holds the other languages to them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.errors import OptionRefused
from edge.restore.damage.strokes import MAX_COORDINATE, MAX_RADIUS, Point, Stroke, draw


def distances(shape: tuple[int, int], start: Point, end: Point) -> NDArray[np.float64]:
    """From every pixel to the line between two."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float64)
    along = np.subtract(end, start).astype(float)
    length = max(along @ along, 1e-9)
    share = np.clip(((x - start[0]) * along[0] + (y - start[1]) * along[1]) / length, 0, 1)
    return np.hypot(x - start[0] - share * along[0], y - start[1] - share * along[1])


@pytest.mark.parametrize("seed", range(40))
def test_a_stroke_covers_what_is_as_near_as_its_radius(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shape, radius = (60, 90), int(rng.integers(0, 20))
    points = tuple((int(x), int(y)) for x, y in rng.integers(-30, 120, (rng.integers(1, 5), 2)))
    mask = np.zeros(shape, bool)
    draw(mask, [Stroke(points, radius)])
    ends = points if len(points) > 1 else points * 2
    nearest = np.min([distances(shape, *pair) for pair in pairwise(ends)], axis=0)
    sure = abs(nearest - radius) > 1e-6
    np.testing.assert_array_equal(mask[sure], (nearest <= radius)[sure])


def test_long_strokes_are_drawn_in_pieces_that_a_photo_does_not_show() -> None:
    mask = np.zeros((400, 300), bool)
    start, end = (-MAX_COORDINATE, -90_000), (MAX_COORDINATE, 90_300)
    draw(mask, [Stroke((start, end), 40)])
    away = distances(mask.shape, start, end)
    assert mask[away < 39].all() and not mask[away > 41].any() and mask.any() and not mask.all()


def test_an_eraser_clears_what_came_before_it_alone() -> None:
    mask = np.zeros((30, 30), bool)
    brush, eraser = Stroke(((5, 15), (25, 15)), 3), Stroke(((15, 0), (15, 29)), 2, erases=True)
    draw(mask, [eraser, brush])
    assert mask[15, 5:26].all()
    draw(mask, [eraser])
    assert not mask[:, 13:18].any() and mask[15, 5:12].all()


@pytest.mark.parametrize(
    ("points", "radius"),
    (
        (((0, 0),), -1),
        (((0, 0),), MAX_RADIUS + 1),
        (((MAX_COORDINATE + 1, 0),), 1),
        (((0, -MAX_COORDINATE - 1),), 1),
    ),
)
def test_numbers_out_of_range_are_refused(points: tuple[Point, ...], radius: int) -> None:
    with pytest.raises(OptionRefused, match="stroke"):
        Stroke(points, radius)
