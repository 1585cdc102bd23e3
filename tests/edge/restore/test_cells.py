"""Pixels to cells and back, and shrinking, against the plain loops."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.restore.tiles.cells import shrink, to_cells, to_pixels


def naive_shrink(pixels: NDArray[Any], factor: int) -> NDArray[np.uint8]:
    """Half up, as integers: what `shrink` promises."""
    colour = pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)
    depth = 257 if pixels.dtype == np.uint16 else 1
    rows, columns = (-(-length // factor) for length in pixels.shape[:2])
    small = np.empty((rows, columns, 3), np.uint8)
    for i in range(rows):
        for j in range(columns):
            block = colour[i * factor : (i + 1) * factor, j * factor : (j + 1) * factor]
            for c in range(3):
                total = sum(map(int, block[..., c].ravel()))
                count = block[..., c].size * depth
                small[i, j, c] = (total + count // 2) // count
    return small


@pytest.mark.parametrize("stride", [1, 2, 4])
@pytest.mark.parametrize("colours", [1, 3])
@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.float32, np.bool_])
def test_there_and_back(stride: int, colours: int, dtype: Any) -> None:
    pixels = np.random.default_rng(0).integers(0, 100, (3 * stride, 5 * stride, colours)).astype(dtype)
    cells = to_cells(pixels, stride)
    assert cells.shape == (3, 5, stride * stride * colours)
    assert cells.dtype == pixels.dtype
    np.testing.assert_array_equal(to_pixels(cells, stride), pixels)


def test_channels_are_row_column_colour() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (8, 12, 3), np.uint8)
    cells = to_cells(pixels, 4)
    for row in range(4):
        for column in range(4):
            for colour in range(3):
                channel = (row * 4 + column) * 3 + colour
                np.testing.assert_array_equal(cells[..., channel], pixels[row::4, column::4, colour])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 9), (7, 5), (13, 8, 3), (12, 12, 3), (70, 3, 3)])
@pytest.mark.parametrize("factor", [1, 2, 3, 7, 20])
def test_shrinking_is_the_mean_of_whole_and_partial_blocks(
    dtype: Any, shape: tuple[int, ...], factor: int
) -> None:
    pixels = np.random.default_rng(2).integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)
    small = shrink(pixels, factor)
    assert small.dtype == np.uint8
    np.testing.assert_array_equal(small, naive_shrink(pixels, factor))


def test_shrinking_goes_on_after_the_first_band() -> None:
    pixels = np.random.default_rng(3).integers(0, 256, (200, 3), np.uint8)
    np.testing.assert_array_equal(shrink(pixels, 2), naive_shrink(pixels, 2))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("factor", [3, 300])
def test_white_stays_white(dtype: Any, factor: int) -> None:
    """A block of 300x300 16-bit pixels sums to more than 32 bits hold."""
    white = np.full((factor + 1, factor, 3), np.iinfo(dtype).max, dtype)
    assert (shrink(white, factor) == 255).all()
