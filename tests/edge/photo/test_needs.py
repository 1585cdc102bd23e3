"""The estimate of memory counts all that a photo of any kind holds once it is read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from edge import memory
from edge.batch.records import pixels as digests
from edge.photo import needs
from edge.photo.photo import read_photo
from tests.edge.photo.encoders import encoded, pixels, tiff_of
from tests.edge.photo.profiles import PROFILES

H, W = 120, 160
PLAIN = Image.fromarray(pixels(H, W, 3))
DEEP = pixels(H, W, 3, np.uint16)

KINDS: dict[str, tuple[Callable[[], bytes], int]] = {
    "plain.jpg": (lambda: encoded(PLAIN, "JPEG"), 4),
    "gray.png": (lambda: encoded(PLAIN.convert("L"), "PNG"), 1),
    "alpha.png": (lambda: encoded(Image.fromarray(pixels(H, W, 4)), "PNG"), 4),
    "profile.png": (lambda: encoded(PLAIN, "PNG", icc_profile=PROFILES["p3"]), 4),
    "turned.tif": (lambda: encoded(PLAIN, "TIFF", tiffinfo={274: 6}, compression="tiff_lzw"), 8),
    "lab.tif": (lambda: tiff_of(pixels(H, W, 3), photometric="cielab"), 4),
    "deep.tif": (lambda: tiff_of(DEEP, photometric="rgb"), 8),
    "deep.ppm": (lambda: b"P6 %d %d 65535\n" % (W, H) + DEEP.byteswap().tobytes(), 0),
}
"""Files, and the bytes a pixel of the decoder's own copies."""


@pytest.mark.parametrize("name", KINDS)
def test_the_arrays_and_the_decoders_copies_are_counted(name: str, tmp_path: Path) -> None:
    make, copies = KINDS[name]
    (tmp_path / name).write_bytes(make())
    photo = read_photo(tmp_path / name)
    held = photo.pixels.nbytes + photo.other_bytes + copies * H * W
    need = needs.need_of(tmp_path / name, 10**6)
    assert {need.width, need.height} == {W, H}
    assert held <= need.bytes - needs._BANDS <= 4 * held


def test_copies_of_the_file_are_counted_where_the_decoder_makes_some(tmp_path: Path) -> None:
    path = tmp_path / "noise.webp"
    path.write_bytes(encoded(PLAIN, "WEBP", lossless=True))
    size = path.stat().st_size
    assert size > H * W
    # Its canvases, Pillow's copy, the photo's array, and the file twice.
    assert needs.need_of(path, 10**6).bytes - needs._BANDS >= (8 + 4 + 3) * H * W + 2 * size


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_pixels_that_are_only_compared_have_the_same_limit(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "photo"
    path.write_bytes(encoded(PLAIN, kind))
    # The decoder of a WebP holds most of what it takes from its opening on.
    least = memory.BASE + (8 * H * W if kind == "WEBP" else needs._BANDS)
    assert digests.file_pixels_sha256(path, 10**6, 2 * memory.BASE)

    def opened(*_: Any) -> None:
        raise AssertionError("opened")

    if kind == "WEBP":
        monkeypatch.setattr(digests, "open_image", opened)
    assert digests.file_pixels_sha256(path, 10**6, least) is None
