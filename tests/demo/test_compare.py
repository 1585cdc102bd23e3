from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from convert.proof.gate import CAP, psnr
from demo.compare import SCALES, TILE, coloured, difference, enlarged
from edge.restore.tiles.tiling import Box


def noise(*shape: int, seed: int = 0, dtype: type = np.uint8) -> NDArray[np.uint8]:
    top = int(np.iinfo(dtype).max)
    return np.random.default_rng(seed).integers(0, top, shape, dtype, endpoint=True)


@pytest.mark.parametrize("factor", [1, 2, 3])
def test_the_psnr_is_the_gates(factor: int) -> None:
    """Also where the last band, tile and block are partial."""
    left, right = noise(5 * TILE + 7, 150, 3), noise(5 * TILE + 7, 150, 3, seed=1)
    assert difference(left, right, factor).psnr == pytest.approx(psnr(left, right, 255))


def test_equal_pictures_do_not_differ() -> None:
    found = difference(noise(40, 50, 3), noise(40, 50, 3), 1)
    assert (found.psnr, found.worst_psnr, found.scale) == (CAP, CAP, SCALES[0])
    assert not found.levels.any()
    assert not coloured(found.levels, found.scale)[..., :2].any()


def test_the_worst_tile_is_where_they_differ_most() -> None:
    left = np.full((200, 300, 3), 90, np.uint8)
    right = left.copy()
    right[130:199, 260:300] = 100
    right[0:20, 0:20] = 91
    found = difference(left, right, 2)
    assert found.worst == Box(128, 256, 192, 300)
    worst = np.s_[128:192, 256:300]
    assert found.worst_psnr == pytest.approx(psnr(left[worst], right[worst], 255))


def test_a_single_pixel_shows_in_a_shrunk_difference() -> None:
    left = np.zeros((TILE * 8, TILE * 8 + 3), np.uint8)
    right = left.copy()
    right[400, 501] = 77
    found = difference(left, right, 5)
    assert found.levels.shape == (103, 103)
    assert found.levels[80, 100] == 77
    assert np.count_nonzero(found.levels) == 1


def test_depths_and_colours_are_compared_by_what_they_show() -> None:
    gray = noise(70, 80)
    deep = gray.astype(np.uint16) * 257
    colour = np.repeat(gray[..., None], 3, axis=2)
    assert difference(gray, deep, 1).psnr == CAP
    assert difference(gray, colour, 1).psnr == CAP
    colour[5, 6, 1] = 255 - colour[5, 6, 1]
    assert difference(gray, colour, 1).levels[5, 6] == abs(int(gray[5, 6]) - int(colour[5, 6, 1]))


@pytest.mark.parametrize(("most", "scale"), [(3, 4), (4, 4), (5, 8), (40, 64), (255, 255)])
def test_the_scale_is_the_least_that_shows_it(most: int, scale: int) -> None:
    left = np.zeros((64, 64), np.uint8)
    assert difference(left, left + np.uint8(most), 1).scale == scale


def test_brighter_is_more() -> None:
    shown = coloured(np.linspace(0, 20, 50, dtype=np.float32)[None], 16).astype(int).sum(axis=2)[0]
    assert (np.diff(shown) >= 0).all()
    assert shown[0] < 10
    assert shown[40] == shown[-1]


def test_pictures_of_different_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="can't be compared"):
        difference(noise(8, 8), noise(8, 9), 1)


def test_enlarging_keeps_the_pixels() -> None:
    picture = noise(100, 100)
    big = enlarged(picture, Box(10, 20, 74, 84), 512)
    assert big.shape == (512, 512, 3)
    assert (big[::8, ::8, 2] == picture[10:74, 20:84]).all()
