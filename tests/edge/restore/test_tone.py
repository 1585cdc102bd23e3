"""The thumbnail and the curves, against plain loops and at their extremes."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.restore import tone

IDENTITY = np.concatenate([np.zeros((3, 1)), np.full((3, 8), 1 / 8)], axis=1)


def naive_thumbnail(small: NDArray[np.uint8], side: int) -> NDArray[np.float64]:
    rows, columns = small.shape[:2]
    out = np.empty((side, side, 3))
    for i in range(side):
        for j in range(side):
            top, bottom = i * rows // side, -(-(i + 1) * rows // side)
            left, right = j * columns // side, -(-(j + 1) * columns // side)
            out[i, j] = small[top:bottom, left:right].mean(axis=(0, 1)) / 255
    return out


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (7, 3), (8, 8), (16, 24), (37, 101)])
def test_the_thumbnail_is_the_mean_of_each_square(shape: tuple[int, int]) -> None:
    small = np.random.default_rng(4).integers(0, 256, (*shape, 3), np.uint8)
    found = tone.thumbnail(small, 8)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, naive_thumbnail(small, 8), atol=1e-6)


def test_a_small_photo_s_thumbnail_is_the_photo_enlarged() -> None:
    small = np.random.default_rng(0).integers(0, 256, (16, 32, 3), np.uint8)
    enlarged = small.repeat(4, axis=0).repeat(2, axis=1) / 255
    np.testing.assert_allclose(tone.thumbnail(small, 64), enlarged, atol=1e-6)


@pytest.mark.parametrize("size", [0.01, 1.0, 1e3, float(np.finfo(np.float32).max)])
@pytest.mark.parametrize("seed", range(5))
def test_curves_rise_within_range_whatever_the_network_says(size: float, seed: int) -> None:
    steps = (np.random.default_rng(seed).uniform(-1, 1, (3, 9)) * size).astype(np.float32)
    knots = tone.curves(steps)
    assert np.isfinite(knots).all()
    assert (np.diff(knots, axis=1) >= 0).all()
    ramp = np.repeat(np.arange(65536, dtype=np.uint16).reshape(256, 256, 1), 3, axis=2)
    tone.apply_curves(ramp, knots, 1.0)
    assert (np.diff(ramp.reshape(-1, 3).astype(int), axis=0) >= 0).all()


def test_knots_are_rounded() -> None:
    steps = np.random.default_rng(0).uniform(0, 0.2, (3, 9)).astype(np.float32)
    knots = tone.curves(steps) * tone.CURVE_GRID
    np.testing.assert_array_equal(knots, np.round(knots))
    np.testing.assert_array_equal(tone.curves(steps * np.float32(1 + 3e-7)) * tone.CURVE_GRID, knots)


def test_a_curve_is_clipped_between_its_knots() -> None:
    """Stretching a faded photo: what lies above its white is white, and below it the slope is kept."""
    knots = tone.curves(np.repeat([[-0.5, 2.0]], 3, axis=0))  # 2 x - 0.5
    gray = np.array([[0, 63, 64, 100, 191, 192, 255]], np.uint8)
    colour = np.repeat(gray[..., None], 3, axis=2)
    tone.apply_curves(colour, knots, 1.0)
    assert (colour == [[[0], [0], [0], [72], [254], [255], [255]]]).all()
    tone.apply_to_lightness(gray, knots[0], 1.0)
    assert gray.tolist() == [[0, 0, 0, 72, 254, 255, 255]]


def test_the_network_s_output_is_not_changed() -> None:
    steps = np.full((3, 9), -0.1, np.float32)
    tone.curves(steps)
    assert (steps == np.float32(-0.1)).all()


def every_level(dtype: Any, shape: tuple[int, ...]) -> NDArray[Any]:
    levels = np.arange(np.iinfo(dtype).max + 1).astype(dtype)
    return np.broadcast_to(levels.reshape(-1, 16, *(1,) * (len(shape) - 2)), shape).copy()


def by_the_mean(pixels: NDArray[Any], knots: NDArray[np.float64], strength: float) -> None:
    tone.apply_to_lightness(pixels, knots.mean(0), strength)


Apply = Callable[[NDArray[Any], NDArray[np.float64], float], None]
APPLIED: list[tuple[Apply, bool]] = [(tone.apply_curves, True), (by_the_mean, True), (by_the_mean, False)]
"""Each way of applying curves, to colours or to gray."""


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize(("apply", "colour"), APPLIED)
def test_identity_steps_leave_every_level_alone(dtype: Any, apply: Apply, colour: bool) -> None:
    rows = (np.iinfo(dtype).max + 1) // 16
    pixels = every_level(dtype, (rows, 16, 3) if colour else (rows, 16))
    before = pixels.copy()
    apply(pixels, tone.curves(IDENTITY.astype(np.float32)), 1.0)
    np.testing.assert_array_equal(pixels, before)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize(("apply", "colour"), APPLIED)
def test_without_strength_nothing_changes(dtype: Any, apply: Apply, colour: bool) -> None:
    rows = (np.iinfo(dtype).max + 1) // 16
    pixels = every_level(dtype, (rows, 16, 3) if colour else (rows, 16))
    before = pixels.copy()
    knots = tone.curves(np.abs(np.random.default_rng(1).normal(0, 0.2, (3, 9))))
    apply(pixels, knots, 0.0)
    np.testing.assert_array_equal(pixels, before)
    apply(pixels, knots, 1.0)
    assert (pixels != before).any()


UNLIKE = np.stack([np.linspace(0, 0.5, 9), np.linspace(0, 1, 9), np.linspace(0.25, 0.75, 9)])
"""Knots of three unlike curves; their mean goes from 1/12 to 3/4."""


def test_each_colour_goes_through_its_own_curve_and_gray_through_one() -> None:
    gray = np.array([[0, 100, 255]], np.uint8)
    colour = np.repeat(gray[..., None], 3, axis=2)
    half = colour.copy()
    tone.apply_curves(colour, UNLIKE, 1.0)
    assert colour[0].tolist() == [[0, 0, 64], [50, 100, 114], [128, 255, 191]]
    tone.apply_curves(half, UNLIKE, 0.5)
    assert half[0, :, 0].tolist() == [0, 75, 191]
    by_the_mean(gray, UNLIKE, 1.0)
    assert gray[0].tolist() == [21, 88, 191]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_toned_pixel_moves_with_its_lightness(dtype: Any) -> None:
    """All colours by the same, as its lightness would move in a gray photo, and clipped at the ends."""
    scale = 257 if dtype == np.uint16 else 1
    pixels = np.random.default_rng(3).integers(0, 256, (300, 7, 3)).astype(dtype) * dtype(scale)
    before = pixels.astype(int)
    light = ((77 * before[..., 0] + 150 * before[..., 1] + 29 * before[..., 2] + 128) >> 8).astype(dtype)
    moved = light.copy()
    by_the_mean(pixels, UNLIKE, 1.0)
    by_the_mean(moved, UNLIKE, 1.0)
    change = moved.astype(int) - light
    assert (change < 0).any() and (change > 0).any()
    np.testing.assert_array_equal(pixels, np.clip(before + change[..., None], 0, 255 * scale))


def test_large_photos_are_changed_to_the_last_row() -> None:
    knots = np.tile(np.linspace(0, 0.5, 9), (3, 1))
    for apply in (tone.apply_curves, by_the_mean):
        pixels = np.full((700, 1000, 3), 200, np.uint8)
        apply(pixels, knots, 1.0)
        assert (pixels == 100).all()


def test_wide_photos_take_no_more_memory() -> None:
    pixels = np.full((250, 40_000, 3), 200, np.uint8)
    tracemalloc.start()
    by_the_mean(pixels, UNLIKE, 1.0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20e6


def test_the_change_is_the_mean_over_pixels_and_colours() -> None:
    knots = np.stack([np.linspace(0, 1, 9), np.linspace(0, 1, 9), np.linspace(0.3, 1, 9)])
    black = np.zeros((4, 4, 3), np.uint8)
    assert tone.change(knots, black) == pytest.approx(0.1)
    assert tone.change(knots, np.full((4, 4, 3), 255, np.uint8)) == pytest.approx(0)
    black[:2] = 255
    assert tone.change(knots, black) == pytest.approx(0.05)
    assert tone.change(tone.curves(IDENTITY), black) < tone.MIN_CHANGE
