"""The damage mask: windows of cells, rows, and painted masks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edge.errors import PhotoError, PhotoTooLarge, UnsupportedPhoto
from edge.restore.damage import mask as masks
from edge.restore.damage.mask import Damage, read_mask
from edge.restore.tiles.tiling import Box


@pytest.mark.parametrize("factor", [1, 2, 3, 5])
@pytest.mark.parametrize("shape", [(1, 1), (3, 14), (21, 17)])
@pytest.mark.parametrize("stride", [1, 4])
def test_a_window_of_cells_is_the_mirrored_full_size_mask(
    factor: int, shape: tuple[int, int], stride: int
) -> None:
    generator = np.random.default_rng(1)
    small = generator.uniform(size=[-(-length // factor) for length in shape]) < 0.4
    full = small.repeat(factor, axis=0).repeat(factor, axis=1)[: shape[0], : shape[1]]
    margin = 60
    padded = np.pad(full, margin, mode="symmetric")
    for box in (Box(0, 0, 2, 3), Box(-3, -4, 6, 8), Box(4, 1, 9, 3)):
        cells = Damage(small, factor).cells(box, stride, shape)
        assert cells.shape == (box.rows, box.columns, stride * stride)
        assert cells.dtype == np.bool_
        for i in range(box.rows):
            for j in range(box.columns):
                top = margin + (box.top + i) * stride
                left = margin + (box.left + j) * stride
                expected = padded[top : top + stride, left : left + stride].ravel()
                np.testing.assert_array_equal(cells[i, j], expected)


@pytest.mark.parametrize("factor", [1, 2, 3, 5])
@pytest.mark.parametrize("shape", [(1, 1), (3, 14), (21, 17)])
def test_rows_are_those_of_the_full_size_mask(factor: int, shape: tuple[int, int]) -> None:
    small = np.random.default_rng(2).uniform(size=[-(-length // factor) for length in shape]) < 0.4
    full = small.repeat(factor, axis=0).repeat(factor, axis=1)[: shape[0], : shape[1]]
    for top in range(0, shape[0], 4):
        bottom = min(shape[0], top + 4)
        np.testing.assert_array_equal(Damage(small, factor).rows(top, bottom, shape), full[top:bottom])


def test_the_share_is_that_of_damaged_pixels() -> None:
    assert Damage(np.array([[True, False], [False, False]]), 4).share == 0.25


@pytest.mark.parametrize("mode", ["L", "RGB", "1", "P", "I;16"])
def test_bright_is_damaged_in_a_painted_mask(tmp_path: Path, mode: str) -> None:
    painted = np.zeros((5, 8), np.uint8)
    painted[1:3, 2:6] = 255
    path = tmp_path / "mask.png"
    if mode == "I;16":
        Image.fromarray(painted.astype(np.uint16) * 257).save(path)
    else:
        Image.fromarray(painted).convert(mode).save(path)
    found = read_mask(path, (5, 8))
    np.testing.assert_array_equal(found.mask, painted > 0)
    assert found.factor == 1


def test_a_mask_in_one_colour_counts(tmp_path: Path) -> None:
    painted = np.zeros((4, 4, 3), np.uint8)
    painted[0, 0, 0] = 255
    painted[1, 1] = 127  # not bright
    Image.fromarray(painted).save(tmp_path / "mask.png")
    assert np.argwhere(read_mask(tmp_path / "mask.png", (4, 4)).mask).tolist() == [[0, 0]]


def test_a_mask_of_another_size_is_refused(tmp_path: Path) -> None:
    Image.new("L", (8, 5)).save(tmp_path / "mask.png")
    with pytest.raises(PhotoError, match=r"8x5 pixels and the photo\s+5x8"):
        read_mask(tmp_path / "mask.png", (8, 5))


def test_a_mask_may_be_as_large_as_the_photo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where more pixels were allowed for the photo than by default."""
    monkeypatch.setattr(masks, "DEFAULT_MAX_PIXELS", 30)
    Image.new("L", (8, 5), 255).save(tmp_path / "mask.png")
    assert read_mask(tmp_path / "mask.png", (5, 8)).mask.all()
    with pytest.raises(PhotoTooLarge):
        read_mask(tmp_path / "mask.png", (5, 7))


def test_a_mask_that_is_no_picture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mask.png").write_text("paint")
    with pytest.raises(UnsupportedPhoto, match=r"mask\.png"):
        read_mask(tmp_path / "mask.png", (8, 5))
