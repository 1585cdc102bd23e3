"""Pictures of a folder are known by their content, whatever they are called."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edge.errors import BrokenPhoto, UnsupportedPhoto
from edge.photo.headers import kinds
from edge.photo.photo import read_photo
from tests.edge.photo.encoders import encoded, pixels, tiff_of

PHOTO = Image.fromarray(pixels(12, 16, 3))
FAINT = PHOTO.copy()
FAINT.putalpha(90)


def directory(order: str, *entries: tuple[int, int, int, int]) -> bytes:
    """A TIFF of one directory; each entry is a tag, its kind, its count and its value."""
    start = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "IH", 8, len(entries))
    return start + b"".join(struct.pack(order + "HHII", *entry) for entry in entries) + bytes(4)


def ftyp(major: bytes, *others: bytes) -> bytes:
    return (
        struct.pack(">I", 16 + 4 * len(others)) + b"ftyp" + major + bytes(4) + b"".join(others) + bytes(90)
    )


DNG = directory("<", (256, 4, 1, 16), (50706, 1, 4, 1028))
NEF = directory(">", (330, 4, 1, 26)) + directory(">", (262, 3, 1, 32803 << 16))[8:]

CONTENTS = [
    ("a.jfif", encoded(PHOTO, "JPEG"), kinds.JPEG),
    ("a", encoded(PHOTO, "JPEG"), kinds.JPEG),
    ("a.mpo", encoded(PHOTO, "MPO", save_all=True, append_images=[PHOTO]), kinds.JPEG),
    ("a.HEIC", encoded(PHOTO, "JPEG"), kinds.JPEG),
    ("a.dat", encoded(PHOTO, "PNG"), kinds.PNG),
    ("a.tif", tiff_of(pixels(9, 9, 3)), kinds.TIFF),
    ("large.tif", tiff_of(pixels(9, 9, 3), bigtiff=True, byteorder=">"), kinds.TIFF),
    ("a.webp", encoded(PHOTO, "WEBP"), kinds.WEBP),
    ("a.jpg", ftyp(b"heic"), kinds.HEIC),
    ("b.jpg", ftyp(b"mif1", b"miaf", b"heix"), kinds.HEIC),
    ("c.jpg", ftyp(b"mif1", b"avif", b"miaf"), kinds.AVIF),
    ("a.avif", encoded(PHOTO, "AVIF"), kinds.AVIF),
    ("b.avif", encoded(FAINT, "AVIF"), replace(kinds.AVIF, result_suffix=".png")),
    ("a.bmp", encoded(PHOTO, "BMP"), kinds.BMP),
    ("a.gif", encoded(PHOTO, "GIF"), kinds.GIF),
    ("a.ppm", encoded(PHOTO, "PPM"), kinds.PNM),
    ("b.pbm", b"P1 # made by hand\n2 2\n0 1 1 0\n", kinds.PNM),
    ("a.jxl", b"\xff\x0a" + bytes(90), kinds.JXL),
    ("a.jp2", encoded(PHOTO, "JPEG2000"), kinds.JP2),
    ("a.psd", b"8BPS\0\1" + bytes(90), kinds.PSD),
    ("a.pdf", encoded(PHOTO, "PDF"), kinds.PDF),
    ("a.tiff", DNG, kinds.RAW),
    ("b.tiff", NEF, kinds.RAW),
    ("a.arw", tiff_of(pixels(9, 9, 3)), kinds.RAW),
    ("a.cr2", b"II*\0\x10\0\0\0CR\2\0" + bytes(90), kinds.RAW),
    ("a.cr3", ftyp(b"crx ", b"isom"), kinds.RAW),
    ("a.raf", b"FUJIFILMCCD-RAW 0201" + bytes(90), kinds.RAW),
    ("a.kdc", bytes(90), kinds.RAW),
    ("empty.JPG", b"", kinds.JPEG),
    ("notes.txt", b"P5 is the fifth of the photos\n", None),
    ("a.mov", ftyp(b"qt  "), None),
    ("a.mp4", ftyp(b"isom", b"avc1"), None),
    ("BMW.txt", b"BMW 2002, the car of uncle Karl, summer 1971", None),
    ("a.db", bytes(500), None),
]


@pytest.mark.parametrize(("name", "content", "kind"), CONTENTS, ids=[name for name, _, _ in CONTENTS])
def test_the_content_decides_and_then_the_suffix(
    name: str, content: bytes, kind: kinds.Kind | None, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert kinds.kind_of(path) == kind
    if kind is not None and kind.format is None:
        assert str(path) in kind.sentence(path)
        with pytest.raises((UnsupportedPhoto, BrokenPhoto)):
            read_photo(path)


def test_a_directory_of_a_tiff_is_read_however_it_is_broken(tmp_path: Path) -> None:
    """Flipped bytes lead to some kind, and never to an error or a long search."""
    random = np.random.default_rng(3)
    path = tmp_path / "a.tif"
    for number in range(300):
        content = bytearray((DNG, NEF)[number % 2] + bytes(20))
        for place in random.integers(4, len(content), 4):
            content[place] = random.integers(256)
        path.write_bytes(content)
        assert kinds.kind_of(path) in (kinds.RAW, kinds.TIFF)
