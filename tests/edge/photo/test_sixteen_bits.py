"""Photos of 16 bits a channel: PNG and TIFF, read without a bit lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.photo.photo import read_photo
from tests.edge.photo.encoders import exif_block, pixels, png_chunk, png_of, tiff_of
from tests.edge.photo.roundtrip import check_arrays, saved


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_sixteen_bit_png(channels: int, orientation: int, tmp_path: Path) -> None:
    picture = pixels(30, 41, channels, np.uint16)
    exif = png_chunk(b"eXIf", exif_block(orientation)[6:])
    photo = read_photo(saved(png_of(picture, exif, interlaced=orientation == 5), tmp_path))
    check_arrays(photo)
    turned = turn(picture, orientation)
    expected = {1: turned, 2: turned[..., 0], 3: turned, 4: turned[..., :3]}[channels]
    np.testing.assert_array_equal(photo.pixels, expected)
    if channels in (2, 4):
        np.testing.assert_array_equal(photo.alpha, turned[..., -1])


def turn(picture: np.ndarray[Any, Any], orientation: int) -> np.ndarray[Any, Any]:
    """The picture upright, by the definition: which side the first row and the first column are."""
    return {
        1: lambda p: p,
        2: lambda p: np.flip(p, 1),
        3: lambda p: np.rot90(p, 2),
        4: lambda p: np.flip(p, 0),
        5: lambda p: np.flip(np.rot90(p, -1), 1),
        6: lambda p: np.rot90(p, -1),
        7: lambda p: np.flip(np.rot90(p, 1), 1),
        8: lambda p: np.rot90(p, 1),
    }[orientation](picture)


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_sixteen_bit_tiff(channels: int, compression: Any, byteorder: Any, tmp_path: Path) -> None:
    picture = pixels(600, 701, channels, np.uint16)
    options: dict[str, Any] = {"photometric": "rgb" if channels > 2 else "minisblack"}
    if channels in (2, 4):
        options["extrasamples"] = ["unassalpha"]
    content = tiff_of(picture, compression=compression, byteorder=byteorder, rowsperstrip=7, **options)
    photo = read_photo(saved(content, tmp_path))
    check_arrays(photo)
    planes = [photo.pixels] if photo.alpha is None else [photo.pixels, photo.alpha]
    np.testing.assert_array_equal(np.dstack(planes).squeeze(), picture)


def test_sixteen_bit_tiff_with_premultiplied_alpha(tmp_path: Path) -> None:
    straight = pixels(30, 40, 4, np.uint16)
    straight[..., 3] = np.maximum(straight[..., 3], 2000)
    stored = straight.copy()
    stored[..., :3] = (straight[..., :3] * (straight[..., 3:] / 65535)).round()
    photo = read_photo(saved(tiff_of(stored, photometric="rgb", extrasamples=["assocalpha"]), tmp_path))
    np.testing.assert_array_equal(photo.alpha, straight[..., 3])
    np.testing.assert_allclose(photo.pixels, straight[..., :3], atol=17)


def test_a_16_bit_negative(tmp_path: Path) -> None:
    picture = pixels(30, 40, 1, np.uint16)
    photo = read_photo(saved(tiff_of(picture, photometric="miniswhite"), tmp_path))
    np.testing.assert_array_equal(photo.pixels, 65535 - picture)
