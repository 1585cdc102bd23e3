"""The fill against plain loops, at its limits, and what it takes in memory."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.restore.damage import fill
from edge.restore.damage.fill import FULL, push_pull
from edge.restore.damage.mask import Damage

Plane = dict[tuple[int, int], int]
"""Values by row and column."""


def slow_fill(plane: NDArray[Any], damaged: NDArray[np.bool_], strength: float = 1.0) -> NDArray[Any]:
    """One colour ``(h, w)``, filled pixel by pixel as the docs say."""
    shape, deep = plane.shape, plane.dtype == np.uint16
    places = [(i, j) for i in range(shape[0]) for j in range(shape[1])]
    values = {p: (int(plane[p]) + 128) // 257 if deep else int(plane[p]) for p in places}
    weights = {p: 0 if damaged[p] else FULL for p in places}
    if not any(weights.values()):
        return plane
    levels = [slow_coarser(values, weights)]
    while len(levels[-1][1]) > 1 and min(levels[-1][1].values()) < FULL:
        levels.append(slow_coarser(*levels[-1]))
    for (fine, known), (coarse, _) in zip(levels[-2::-1], levels[:0:-1], strict=True):
        for place in fine:
            weight = known[place]
            sum_of_16 = 16 * weight * fine[place] + (FULL - weight) * slow_between(coarse, *place)
            fine[place] = (sum_of_16 + 8 * FULL) // (16 * FULL)
    filled = plane.copy()
    for place in places:
        if damaged[place]:
            new = (slow_between(levels[0][0], *place) * (257 if deep else 1) + 8) // 16
            filled[place] = int(plane[place]) + round(strength * (new - int(plane[place])))
    return filled


def slow_coarser(values: Plane, weights: Plane) -> tuple[Plane, Plane]:
    sums: Plane = {}
    totals: Plane = {}
    for (i, j), weight in weights.items():
        block = i // 2, j // 2
        sums[block] = sums.get(block, 0) + weight * values[i, j]
        totals[block] = totals.get(block, 0) + weight
    means = {block: (sums[block] + total // 2) // max(total, 1) for block, total in totals.items()}
    return means, {block: min(FULL, (total + 1) // 2) for block, total in totals.items()}


def slow_between(coarse: Plane, row: int, column: int) -> int:
    """Sixteen times what lies between the four nearest coarse pixels; the outermost ones go on."""
    height, width = (side + 1 for side in max(coarse))
    rows = ((row // 2, 3), (min(max(row // 2 + (1 if row % 2 else -1), 0), height - 1), 1))
    columns = ((column // 2, 3), (min(max(column // 2 + (1 if column % 2 else -1), 0), width - 1), 1))
    return sum(down * across * coarse[i, j] for i, down in rows for j, across in columns)


def noise(shape: tuple[int, ...], dtype: Any = np.uint8, seed: int = 0) -> NDArray[Any]:
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


def filled(pixels: NDArray[Any], mask: NDArray[np.bool_], factor: int = 1, strength: float = 1.0) -> Any:
    after = pixels.copy()
    push_pull(after, Damage(mask, factor), strength)
    return after


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize(
    ("shape", "share"),
    [((1, 1), 0.0), ((1, 9), 0.6), ((7, 12), 0.1), ((13, 22), 0.5), ((33, 2), 0.9), ((140, 3), 0.97)],
)
@pytest.mark.parametrize("strength", [1.0, 0.7])
@pytest.mark.parametrize("together", [1 << 17, 70])
def test_the_fill_is_that_of_plain_loops(
    shape: tuple[int, int],
    share: float,
    dtype: Any,
    strength: float,
    together: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In one band of rows, and in many."""
    monkeypatch.setattr(fill, "_BAND_PIXELS", together)
    damaged = np.random.default_rng(1).random(shape) < share
    gray, colour = noise(shape, dtype), noise((*shape, 3), dtype, 2)
    np.testing.assert_array_equal(filled(gray, damaged, 1, strength), slow_fill(gray, damaged, strength))
    found = filled(colour, damaged, 1, strength)
    assert (found.shape, found.dtype) == (colour.shape, colour.dtype)
    for c in range(3):
        np.testing.assert_array_equal(found[..., c], slow_fill(colour[..., c], damaged, strength))


@pytest.mark.parametrize("factor", [2, 3])
def test_a_smaller_mask_covers_squares_of_the_photo(factor: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fill, "_BAND_PIXELS", 90)
    pixels = noise((17, 22))
    small = np.random.default_rng(3).random([-(-side // factor) for side in pixels.shape]) < 0.4
    full = small.repeat(factor, axis=0).repeat(factor, axis=1)[:17, :22]
    np.testing.assert_array_equal(filled(pixels, small, factor), slow_fill(pixels, full))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.99])
def test_intact_pixels_are_never_written(dtype: Any, share: float) -> None:
    pixels = noise((70, 45, 3), dtype)
    damaged = np.random.default_rng(4).random((70, 45)) < share
    found = filled(pixels, damaged)
    np.testing.assert_array_equal(found[~damaged], pixels[~damaged])
    assert (found[damaged] != pixels[damaged]).any()


@pytest.mark.parametrize("shape", [(1, 1), (1, 1, 3), (40, 9)])
def test_a_photo_that_is_damaged_all_over_stays(shape: tuple[int, ...]) -> None:
    pixels = noise(shape)
    np.testing.assert_array_equal(filled(pixels, np.ones(shape[:2], bool)), pixels)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_one_colour_fills_with_itself(dtype: Any) -> None:
    """From the border as from one intact pixel, black and white as any other."""
    for level in (0, 93, 255):
        colour = np.array([level, 255 - level, 77], dtype) * (257 if dtype == np.uint16 else 1)
        pixels = np.full((37, 50, 3), colour, dtype)
        border = np.ones((37, 50), bool)
        border[5:30, 8:40] = False
        alone = np.ones((37, 50), bool)
        alone[36, 0] = False
        for damaged in (border, alone):
            given = pixels.copy()
            given[damaged] = noise((int(damaged.sum()), 3), dtype)
            np.testing.assert_array_equal(filled(given, damaged), pixels)


def test_the_only_intact_pixel_reaches_the_far_end() -> None:
    """By way of many levels, where its weight is least."""
    pixels = noise((2, 900))
    damaged = np.ones((2, 900), bool)
    damaged[0, 3] = False
    assert (filled(pixels, damaged) == pixels[0, 3]).all()


def test_one_pixel_is_filled_from_around_it() -> None:
    pixels = np.full((9, 9), 100, np.uint8)
    pixels[4, 4] = 255
    damaged = pixels == 255
    pixels[:, 5:] = 120
    found = filled(pixels, damaged)
    assert 100 < found[4, 4] < 120
    assert (found != pixels).sum() == 1


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_without_strength_nothing_changes(dtype: Any) -> None:
    pixels = noise((20, 31, 3), dtype)
    damaged = np.random.default_rng(5).random((20, 31)) < 0.4
    np.testing.assert_array_equal(filled(pixels, damaged, strength=0), pixels)


@pytest.mark.parametrize(("colours", "share"), [((3,), 4 / 9), ((), 2 / 3)])
@pytest.mark.parametrize("shape", [(3000, 4000), (200, 60_000)])
def test_the_fill_of_12_megapixels_takes_little_memory(
    shape: tuple[int, int], colours: tuple[int, ...], share: float
) -> None:
    pixels = np.full((*shape, *colours), 90, np.uint8)
    damaged = np.zeros(shape, bool)
    damaged[shape[0] // 6 : shape[0] // 4] = True
    damage = Damage(damaged, 1)
    tracemalloc.start()
    push_pull(pixels, damage)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < share * pixels.nbytes + 16e6
