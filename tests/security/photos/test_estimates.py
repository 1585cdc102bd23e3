"""What reading a photo holds is what its header said, whatever its kind."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from edge.photo.metadata.metadata import Metadata
from edge.photo.photo import Photo, write_photo
from tests.edge.photo.encoders import png_of
from tests.security.photos.test_attacks import measured

Array = np.ndarray[Any, Any]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the peak can be reset only on Linux")


def picture(height: int, width: int) -> Array:
    """``(H, W, 3)``, quick to make and to pack."""
    plane = (np.add.outer(np.arange(height) // 7, np.arange(width) // 5) % 256).astype(np.uint8)
    return np.stack([plane, plane[::-1], plane[:, ::-1]], axis=2)


def saved(**options: Any) -> Callable[[Array, Path], None]:
    return lambda pixels, path: Image.fromarray(pixels).save(path, **options)


def tiff(deep: bool = False, planes: bool = False, **options: Any) -> Callable[[Array, Path], None]:
    def write(pixels: Array, path: Path) -> None:
        pixels = pixels.astype(np.uint16) * 257 if deep else pixels
        channels = np.moveaxis(pixels, 2, 0).copy() if planes else pixels
        layout: Any = {"planarconfig": "separate"} if planes else {}
        tifffile.imwrite(path, channels, photometric="rgb", **layout, **options)

    return write


def png_16(pixels: Array, path: Path) -> None:
    write_photo(Photo(pixels.astype(np.uint16) * 257, None, Metadata("PNG")), path)


def text(pixels: Array, path: Path) -> None:
    start = f"P3\n{pixels.shape[1]} {pixels.shape[0]}\n255\n"
    path.write_text(start + " ".join(map(str, pixels.ravel())) + "\n")


QUICK: dict[str, Callable[[Array, Path], None]] = {
    "baseline.jpg": saved(quality=90),
    "progressive.jpg": saved(quality=90, progressive=True, subsampling=0),
    "rgb.png": saved(compress_level=1),
    "lossless.webp": saved(lossless=True, method=0, quality=0),
    "strips.tif": tiff(compression="zlib"),
    "one_strip.tif": tiff(compression="zlib", rowsperstrip=1 << 20),
    "deep_strip.tif": tiff(deep=True, compression="zlib", rowsperstrip=1 << 20),
}
SLOW = QUICK | {
    "colours.jpg": saved(quality=90, progressive=True),
    "raw.tif": tiff(),
    "raw_strip.tif": tiff(rowsperstrip=1 << 20),
    "planes.tif": tiff(planes=True, compression="zlib"),
    "deep_planes.tif": tiff(deep=True, planes=True),
    "deep.png": png_16,
    "interlaced.png": lambda pixels, path: path.write_bytes(png_of(pixels, interlaced=True)) and None,
    "plain.webp": saved(quality=80, method=0),
    "rgb.bmp": saved(),
    "rgb.gif": saved(),
    "rgb.ppm": saved(),
    "text.ppm": text,
    "colours.avif": saved(quality=60, speed=10),
    "full.avif": saved(quality=60, speed=10, subsampling="4:4:4"),
}


def check(kinds: dict[str, Callable[[Array, Path], None]], shape: tuple[int, int], folder: Path) -> None:
    pixels = picture(*shape)
    for name, write in kinds.items():
        write(pixels, folder / name)
    found = measured(0, [folder / name for name in kinds], folder)
    assert len(found) == len(kinds)
    wrong = {}
    for name, one in found.items():
        # Of AVIF the most is taken that its decoders may hold.
        most = 1.8 if name.endswith(".avif") else 1.5
        # Bands of rows count more in a small picture.
        if not one["held"] <= one["estimate"] <= most * one["held"] + 8_500_000:
            wrong[name] = one
    assert not wrong, {name: (one["held"], one["estimate"]) for name, one in wrong.items()}


def test_small_photos_hold_what_is_estimated(tmp_path: Path) -> None:
    check(QUICK, (1000, 1500), tmp_path)


@pytest.mark.slow
def test_photos_of_every_kind_hold_what_is_estimated(tmp_path: Path) -> None:
    check(SLOW, (3000, 4000), tmp_path)
