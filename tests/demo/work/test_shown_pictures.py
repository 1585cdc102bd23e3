"""Pictures for browsers, and masks in the sizes that they need."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from demo.work.painting import scaled, write_found
from demo.work.pictures import DAMAGE, any_of, reduced, write_after
from edge.restore.damage.mask import Damage
from edge.restore.damage.strokes import Stroke


@pytest.mark.parametrize("shape", [(1, 1), (7, 5), (64, 64), (100, 33)])
@pytest.mark.parametrize("size", [(1, 1), (3, 2), (7, 5), (30, 31)])
def test_no_damage_is_lost_in_a_smaller_mask(shape: tuple[int, int], size: tuple[int, int]) -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        mask = np.zeros(shape, np.bool_)
        row, column = (int(rng.integers(side)) for side in shape)
        mask[row, column] = True
        new = any_of(mask, *size)
        assert new.shape == size
        assert new.any()
        if size[0] <= shape[0] and size[1] <= shape[1]:
            assert new.sum() == 1
    assert not any_of(np.zeros(shape, np.bool_), *size).any()


def test_sixteen_bits_are_shown_in_eight() -> None:
    deep = np.full((8, 6), 257 * 200, np.uint16)
    assert np.asarray(reduced(deep, 100)).tolist() == np.full((8, 6), 200).tolist()
    assert reduced(np.zeros((300, 200, 3), np.uint8), 100).size == (67, 100)


def test_damage_is_the_opaque_part_of_its_picture(tmp_path: Path) -> None:
    mask = np.zeros((30, 40), np.bool_)
    mask[3:6, 10:20] = True
    write_after(np.zeros((30, 40, 3), np.uint8), Damage(mask, 1), tmp_path)
    drawn = np.asarray(Image.open(tmp_path / DAMAGE))
    assert np.array_equal(drawn[..., 1] == 255, mask)
    assert (drawn[..., 0] == 255).all()


def test_what_was_found_is_kept_as_large_as_the_photo(tmp_path: Path) -> None:
    write_found(Damage(np.array([[True, False]]), 4), (3, 7), tmp_path / "found.png")
    assert np.asarray(Image.open(tmp_path / "found.png")).tolist() == [[True] * 4 + [False] * 3] * 3
    write_found(None, (3, 7), tmp_path / "found.png")
    assert not np.asarray(Image.open(tmp_path / "found.png")).any()


def test_strokes_are_scaled_with_the_photo() -> None:
    strokes = [Stroke(((10, 21), (-4, 8)), 9), Stroke(((0, 0),), 0, True)]
    assert scaled(strokes, 0.5) == [Stroke(((5, 10), (-2, 4)), 4), Stroke(((0, 0),), 1, True)]
