"""A JPEG's result is stored like the JPEG, unless another quality is asked for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PIL.JpegImagePlugin import get_sampling

from edge.photo.photo import read_photo, write_photo
from edge.photo.quality import LEAST_QUALITY
from tests.edge.photo.encoders import encoded, pixels
from tests.edge.photo.roundtrip import saved

PICTURE = Image.fromarray(pixels(48, 64, 3))


def tables(path: Path) -> tuple[Any, int]:
    with Image.open(path) as opened:
        return opened.quantization, get_sampling(opened)  # type: ignore[attr-defined]


@pytest.mark.parametrize("sampling", [0, 1, 2])
@pytest.mark.parametrize("quality", [75, 82, 97, "web_high"])
def test_quality_and_sampling_stay(quality: Any, sampling: int, tmp_path: Path) -> None:
    path = saved(encoded(PICTURE, "JPEG", quality=quality, subsampling=sampling), tmp_path)
    write_photo(read_photo(path), tmp_path / "out")
    assert tables(tmp_path / "out") == tables(path)


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_gray_and_inks(mode: str, tmp_path: Path) -> None:
    path = saved(encoded(PICTURE.convert(mode), "JPEG", quality=85), tmp_path)
    write_photo(read_photo(path), tmp_path / "out")
    assert tables(tmp_path / "out")[0][0] == tables(path)[0][0]


def test_blocks_of_a_low_quality_are_not_put_back(tmp_path: Path) -> None:
    path = saved(encoded(PICTURE, "JPEG", quality=30, subsampling=2), tmp_path)
    write_photo(read_photo(path), tmp_path / "out")
    least = saved(encoded(PICTURE, "JPEG", quality=LEAST_QUALITY, subsampling=2), tmp_path)
    assert tables(tmp_path / "out") == tables(least)


def test_a_quality_that_is_asked_for(tmp_path: Path) -> None:
    path = saved(encoded(PICTURE, "JPEG", quality=97, subsampling=1), tmp_path)
    photo = read_photo(path)
    sizes = []
    for kind in ("JPEG", "WEBP"):
        for quality in (20, 90):
            write_photo(
                replace(photo, metadata=replace(photo.metadata, format=kind)), tmp_path / "out", quality
            )
            sizes.append((tmp_path / "out").stat().st_size)
    assert sizes[0] < sizes[1] and sizes[2] < sizes[3]
    expected = saved(encoded(PICTURE, "JPEG", quality=60, subsampling=1), tmp_path)
    write_photo(photo, tmp_path / "out", 60)
    assert tables(tmp_path / "out") == tables(expected)


def test_a_jpeg_of_another_file(tmp_path: Path) -> None:
    photo = read_photo(saved(encoded(PICTURE, "PNG"), tmp_path))
    write_photo(replace(photo, metadata=replace(photo.metadata, format="JPEG")), tmp_path / "out")
    expected = saved(encoded(PICTURE, "JPEG", quality=95, subsampling=0), tmp_path)
    assert tables(tmp_path / "out") == tables(expected)
