"""Lightness, and which photos are gray or toned in one hue."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.restore.hue import FLAT, SHARE, TOLERANCE, is_flat, lightness, one_hue

SIDE = 64


def gray() -> NDArray[np.int64]:
    """All levels."""
    return np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 1))


def in_levels(values: NDArray[Any]) -> NDArray[np.uint8]:
    return np.clip(np.round(values), 0, 255).astype(np.uint8)


def toned(*colours: tuple[int, int, int]) -> NDArray[np.uint8]:
    """A gray picture printed in ink: black to white by way of colours."""
    knots = np.array([(0, 0, 0), *colours, (255, 255, 255)])
    places = np.linspace(0, 255, len(knots))
    return in_levels(np.concatenate([np.interp(gray(), places, knots[:, c]) for c in range(3)], axis=2))


def grain(picture: NDArray[np.uint8], spread: float) -> NDArray[np.uint8]:
    return in_levels(picture + np.random.default_rng(1).normal(0, spread, picture.shape))


PRINTS = {
    "gray": toned((128, 128, 128)),
    "sepia": toned((140, 110, 70)),
    "cyanotype": toned((40, 90, 160)),
    "two tones": toned((90, 60, 60), (190, 190, 150)),
    "faded sepia": in_levels(60 + toned((140, 110, 70)) * 0.5),
    "one colour": np.full((SIDE, SIDE, 3), (200, 30, 90), np.uint8),
    "one pixel": np.full((1, 1, 3), (10, 200, 30), np.uint8),
}


@pytest.mark.parametrize("name", PRINTS)
def test_a_print_in_one_ink_has_one_hue(name: str) -> None:
    assert one_hue(PRINTS[name])
    assert one_hue(grain(PRINTS[name], 2))


def test_a_photo_in_colours_has_more() -> None:
    noise = np.random.default_rng(2).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    assert not one_hue(noise)
    # The same lightness in two hues.
    halves = PRINTS["sepia"].copy()
    halves[:, SIDE // 2 :] = halves[:, SIDE // 2 :, ::-1]
    assert not one_hue(halves)


@pytest.mark.parametrize("channel", [0, 1, 2])
def test_so_many_pixels_may_be_of_another_hue(channel: int) -> None:
    """A stamp in colour on a gray photo."""
    few = int((1 - SHARE) * SIDE * SIDE)
    dark = np.flatnonzero(gray() < 120)  # so that gray pixels are as light as the stamp
    for pixels in (few, few + 1):
        picture = np.repeat(gray(), 3, axis=2).astype(np.uint8)
        picture.reshape(-1, 3)[dark[:pixels], channel] += np.uint8(90)
        assert one_hue(picture) is (pixels == few)


@pytest.mark.parametrize("channel", [0, 2])
def test_so_far_colours_may_lie_from_what_is_usual(channel: int) -> None:
    for apart in (2 * TOLERANCE, 2 * TOLERANCE + 1):
        picture = np.full((SIDE, SIDE, 3), 128, np.uint8)
        picture[::2, :, channel] += np.uint8(apart)
        assert one_hue(picture) is (apart == 2 * TOLERANCE)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_lightness_is_the_weighed_mean_rounded(dtype: Any) -> None:
    top = np.iinfo(dtype).max
    pixels = np.random.default_rng(3).integers(0, top, (9, 8, 3), dtype, endpoint=True)
    found = lightness(pixels)
    assert (found.shape, found.dtype) == ((9, 8), dtype)
    for (red, green, blue), light in zip(pixels.reshape(-1, 3).tolist(), found.ravel(), strict=True):
        assert light == (77 * red + 150 * green + 29 * blue + 128) // 256
    ends = np.repeat(np.array([0, 1, top - 1, top], dtype)[:, None], 3, axis=1)
    np.testing.assert_array_equal(lightness(ends), ends[:, 0])


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (236, 236, 236), (210, 190, 140)])
def test_a_sheet_without_a_picture(colour: tuple[int, int, int]) -> None:
    noise = np.random.default_rng(0).normal(0, 2, (SIDE, SIDE, 3))
    sheet = in_levels(np.array(colour) + noise)
    assert is_flat(sheet)
    assert is_flat(sheet[:1, :1])
    written = sheet.copy()
    written[: SIDE // 4] = 128 - FLAT
    assert not is_flat(written)
    assert not is_flat(np.repeat(in_levels(gray() * 0.2 + 120), 3, axis=2))
