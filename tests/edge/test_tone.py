"""The thumbnail and the curves, against plain loops and at their extremes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge import tone

IDENTITY = np.concatenate([np.zeros((3, 1)), np.full((3, 8), 1 / 8)], axis=1)


def naive_thumbnail(small: NDArray[np.uint8], damaged: NDArray[np.bool_], side: int) -> NDArray[np.float64]:
    intact = ~damaged if not damaged.all() else np.ones_like(damaged)
    rows, columns = small.shape[:2]
    out = np.empty((side, side, 3))
    for i in range(side):
        for j in range(side):
            top, bottom = i * rows // side, -(-(i + 1) * rows // side)
            left, right = j * columns // side, -(-(j + 1) * columns // side)
            chosen = small[top:bottom, left:right][intact[top:bottom, left:right]]
            out[i, j] = (chosen if len(chosen) else small[intact]).mean(axis=0) / 255
    return out


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (7, 3), (8, 8), (16, 24), (37, 101)])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.95, 1.0])
def test_the_thumbnail_is_the_mean_of_what_is_intact(shape: tuple[int, int], share: float) -> None:
    generator = np.random.default_rng(4)
    small = generator.integers(0, 256, (*shape, 3), np.uint8)
    damaged = generator.uniform(size=shape) < share
    expected = naive_thumbnail(small, damaged, 8)
    found = tone.thumbnail(small, damaged, 8)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_no_mask_is_an_empty_mask() -> None:
    small = np.random.default_rng(0).integers(0, 256, (30, 20, 3), np.uint8)
    np.testing.assert_array_equal(
        tone.thumbnail(small, None, 64), tone.thumbnail(small, np.zeros((30, 20), bool), 64)
    )


def test_a_small_photo_s_thumbnail_is_the_photo_enlarged() -> None:
    small = np.random.default_rng(0).integers(0, 256, (16, 32, 3), np.uint8)
    enlarged = small.repeat(4, axis=0).repeat(2, axis=1) / 255
    np.testing.assert_allclose(tone.thumbnail(small, None, 64), enlarged, atol=1e-6)


@pytest.mark.parametrize("size", [0.01, 1.0, 1e3, float(np.finfo(np.float32).max)])
@pytest.mark.parametrize("seed", range(5))
def test_curves_rise_within_range_whatever_the_network_says(size: float, seed: int) -> None:
    steps = (np.random.default_rng(seed).uniform(-1, 1, (3, 9)) * size).astype(np.float32)
    knots = tone.curves(steps)
    assert np.isfinite(knots).all()
    assert (np.diff(knots, axis=1) >= 0).all()
    ramp = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    tone.apply_curves(ramp, knots, 1.0)
    assert (np.diff(ramp.ravel().astype(int)) >= 0).all()


def test_knots_are_rounded() -> None:
    steps = np.random.default_rng(0).uniform(0, 0.2, (3, 9)).astype(np.float32)
    knots = tone.curves(steps) * tone.CURVE_GRID
    np.testing.assert_array_equal(knots, np.round(knots))
    np.testing.assert_array_equal(tone.curves(steps * np.float32(1 + 3e-7)) * tone.CURVE_GRID, knots)


def test_a_curve_is_clipped_between_its_knots() -> None:
    """Stretching a faded photo: what lies above its white is white, and below it the slope is kept."""
    knots = tone.curves(np.repeat([[-0.5, 2.0]], 3, axis=0))  # 2 x - 0.5
    pixels = np.array([[0, 63, 64, 100, 191, 192, 255]], np.uint8)
    tone.apply_curves(pixels, knots, 1.0)
    assert pixels.tolist() == [[0, 0, 0, 72, 254, 255, 255]]


def test_the_network_s_output_is_not_changed() -> None:
    steps = np.full((3, 9), -0.1, np.float32)
    tone.curves(steps)
    assert (steps == np.float32(-0.1)).all()


def every_level(dtype: Any, shape: tuple[int, ...]) -> NDArray[Any]:
    levels = np.arange(np.iinfo(dtype).max + 1).astype(dtype)
    return np.broadcast_to(levels.reshape(-1, 16, *(1,) * (len(shape) - 2)), shape).copy()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("colour", [False, True])
def test_identity_steps_leave_every_level_alone(dtype: Any, colour: bool) -> None:
    rows = (np.iinfo(dtype).max + 1) // 16
    pixels = every_level(dtype, (rows, 16, 3) if colour else (rows, 16))
    before = pixels.copy()
    tone.apply_curves(pixels, tone.curves(IDENTITY.astype(np.float32)), 1.0)
    np.testing.assert_array_equal(pixels, before)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_without_strength_nothing_changes(dtype: Any) -> None:
    pixels = every_level(dtype, ((np.iinfo(dtype).max + 1) // 16, 16, 3))
    before = pixels.copy()
    knots = tone.curves(np.abs(np.random.default_rng(1).normal(0, 0.2, (3, 9))))
    tone.apply_curves(pixels, knots, 0.0)
    np.testing.assert_array_equal(pixels, before)
    tone.apply_curves(pixels, knots, 1.0)
    assert (pixels != before).any()


def test_each_colour_goes_through_its_own_curve_and_gray_through_the_mean() -> None:
    knots = np.stack([np.linspace(0, 0.5, 9), np.linspace(0, 1, 9), np.linspace(0.25, 0.75, 9)])
    gray = np.array([[0, 100, 255]], np.uint8)
    colour = np.repeat(gray[..., None], 3, axis=2)
    half = colour.copy()
    tone.apply_curves(colour, knots, 1.0)
    assert colour[0].tolist() == [[0, 0, 64], [50, 100, 114], [128, 255, 191]]
    tone.apply_curves(half, knots, 0.5)
    assert half[0, :, 0].tolist() == [0, 75, 191]
    tone.apply_curves(gray, knots, 1.0)
    assert gray[0].tolist() == [21, 88, 191]


def test_tall_photos_are_changed_to_the_last_row() -> None:
    pixels = np.full((600, 2), 200, np.uint8)
    tone.apply_curves(pixels, np.tile(np.linspace(0, 0.5, 9), (3, 1)), 1.0)
    assert (pixels == 100).all()


def test_the_change_is_the_mean_over_pixels_and_colours() -> None:
    knots = np.stack([np.linspace(0, 1, 9), np.linspace(0, 1, 9), np.linspace(0.3, 1, 9)])
    black = np.zeros((4, 4, 3), np.uint8)
    assert tone.change(knots, black) == pytest.approx(0.1)
    assert tone.change(knots, np.full((4, 4, 3), 255, np.uint8)) == pytest.approx(0)
    black[:2] = 255
    assert tone.change(knots, black) == pytest.approx(0.05)
    assert tone.change(tone.curves(IDENTITY), black) < tone.LEAST_CHANGE
