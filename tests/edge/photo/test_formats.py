"""Kinds that are read and written as another: BMP, GIF, PNM, AVIF, HEIC."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from edge.errors import BrokenPhoto, MultiPagePhoto, PhotoError, PhotoTooLarge
from edge.photo.photo import read_photo
from tests.edge.photo.encoders import encoded, exif_block, icc_profile, pixels
from tests.edge.photo.roundtrip import check_arrays, rewritten, saved

pillow_heif = pytest.importorskip("pillow_heif")

PHOTO = Image.fromarray(pixels(60, 90, 3))
GRAY = PHOTO.convert("L")


def pnm(number: int, picture: np.ndarray[Any, Any], top: int) -> bytes:
    """A binary PNM."""
    header = b"P%d\n# of a scanner\n%d %d\n%d\n" % (number, picture.shape[1], picture.shape[0], top)
    return header + picture.astype(">u2" if top > 255 else "u1").tobytes()


def heic(image: Image.Image, **options: Any) -> bytes:
    pillow_heif.register_heif_opener()
    out = io.BytesIO()
    image.save(out, "HEIF", **{"quality": 90, "chroma": 444, **options})
    return out.getvalue()


def as_read(content: bytes) -> np.ndarray[Any, Any]:
    with Image.open(io.BytesIO(content)) as image:
        return np.asarray(ImageOps.exif_transpose(image))


EXACT = {
    "color.bmp": (encoded(PHOTO, "BMP"), np.asarray(PHOTO)),
    "gray.bmp": (encoded(GRAY, "BMP"), np.asarray(GRAY)),
    "palette.bmp": (encoded(PHOTO.quantize(16), "BMP"), np.asarray(PHOTO.quantize(16).convert("RGB"))),
    "bits.bmp": (encoded(GRAY.convert("1"), "BMP"), np.asarray(GRAY.convert("1").convert("L"))),
    "color.gif": (
        encoded(PHOTO, "GIF"),
        np.asarray(Image.open(io.BytesIO(encoded(PHOTO, "GIF"))).convert("RGB")),
    ),
    "gray.gif": (encoded(GRAY, "GIF"), np.asarray(GRAY)),
    "bits.pbm": (encoded(GRAY.convert("1"), "PPM"), np.asarray(GRAY.convert("1").convert("L"))),
    "gray.pgm": (pnm(5, pixels(20, 31, 1), 255), pixels(20, 31, 1)),
    "color.ppm": (pnm(6, pixels(20, 31, 3), 255), pixels(20, 31, 3)),
    "gray16.pgm": (pnm(5, pixels(20, 31, 1, np.uint16), 65535), pixels(20, 31, 1, np.uint16)),
    "color16.ppm": (pnm(6, pixels(20, 31, 3, np.uint16), 65535), pixels(20, 31, 3, np.uint16)),
    "twelve.pgm": (pnm(5, np.array([[0, 4095, 1]]), 4095), np.array([[0, 65535, 16]], np.uint16)),
    "text.pgm": (b"P2\n# by hand\n3 1\n255\n0 128 255\n", np.array([[0, 128, 255]], np.uint8)),
    "text.ppm": (b"P3 1 1 255 7 8 9\n", np.array([[[7, 8, 9]]], np.uint8)),
    "text.pbm": (b"P1\n3 1\n0 1 0\n", np.array([[255, 0, 255]], np.uint8)),
}


@pytest.mark.parametrize("name", EXACT)
def test_every_pixel_is_read_and_written_as_png(name: str, tmp_path: Path) -> None:
    content, expected = EXACT[name]
    photo = read_photo(saved(content, tmp_path))
    check_arrays(photo)
    assert photo.metadata.format == "PNG"
    assert photo.pixels.dtype == expected.dtype
    np.testing.assert_array_equal(photo.pixels, expected)
    np.testing.assert_array_equal(rewritten(photo, tmp_path)[1].pixels, expected)


@pytest.mark.parametrize("kind", ["AVIF", "HEIF"])
def test_phone_photos_are_written_as_jpeg_with_all_that_is_known(kind: str, tmp_path: Path) -> None:
    options: dict[str, Any] = {"exif": exif_block(), "icc_profile": icc_profile(), "xmp": b"<x/>"}
    content = heic(PHOTO, **options) if kind == "HEIF" else encoded(PHOTO, "AVIF", quality=90, **options)
    photo = read_photo(saved(content, tmp_path))
    assert photo.metadata.format == "JPEG"
    assert (photo.metadata.icc, photo.metadata.xmp) == (icc_profile(), b"<x/>")
    path, _ = rewritten(photo, tmp_path)
    with Image.open(path) as written:
        assert (written.format, written.size) == ("JPEG", PHOTO.size)
        assert written.getexif()[0x010E] == "grandmother"
        assert np.abs(np.asarray(written).astype(int) - as_read(content)).mean() < 4


@pytest.mark.parametrize("kind", ["AVIF", "HEIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_they_are_turned_once(kind: str, orientation: int, tmp_path: Path) -> None:
    exif = exif_block(orientation)
    content = heic(PHOTO, exif=exif) if kind == "HEIF" else encoded(PHOTO, "AVIF", quality=90, exif=exif)
    upright = Image.open(io.BytesIO(encoded(PHOTO, "PNG", exif=exif)))
    expected = np.asarray(ImageOps.exif_transpose(upright)).astype(int)
    photo = read_photo(saved(content, tmp_path))
    assert photo.pixels.shape == expected.shape
    assert np.abs(photo.pixels - expected).mean() < 6
    with Image.open(rewritten(photo, tmp_path)[0]) as written:
        assert written.getexif().get(0x0112, 1) == 1


def test_a_heic_of_ten_bits_is_read_at_eight(tmp_path: Path) -> None:
    picture = pixels(60, 90, 3, np.uint16)
    file = pillow_heif.from_bytes("RGB;16", (90, 60), picture.tobytes())
    out = io.BytesIO()
    file.save(out, quality=95, chroma=444)
    photo = read_photo(saved(out.getvalue(), tmp_path))
    assert np.abs(photo.pixels.astype(int) - (picture >> 8)).mean() < 3


@pytest.mark.parametrize("kind", ["AVIF", "HEIF"])
def test_colours_that_are_stated_without_a_profile_get_one(kind: str, tmp_path: Path) -> None:
    """Phones write Display P3 as code points only."""
    p3 = {
        "color_primaries": 12,
        "transfer_characteristics": 13,
        "matrix_coefficients": 6,
        "full_range_flag": 1,
    }
    content = bytearray(heic(PHOTO, **p3) if kind == "HEIF" else encoded(PHOTO, "AVIF", quality=90))
    place = content.index(b"colrnclx") + 8
    content[place : place + 2] = b"\0\x0c"
    photo = read_photo(saved(bytes(content), tmp_path))
    assert photo.samples is not None
    with Image.open(rewritten(photo, tmp_path)[0]) as written:
        assert written.info["icc_profile"]
        assert np.abs(np.asarray(written).astype(int) - as_read(bytes(content))).mean() < 4


def test_transparency_is_kept_in_a_png(tmp_path: Path) -> None:
    photo = read_photo(saved(encoded(Image.fromarray(pixels(60, 90, 4)), "AVIF"), tmp_path))
    assert photo.alpha is not None
    assert photo.metadata.format == "PNG"


def test_an_animation_is_refused(tmp_path: Path) -> None:
    for kind in ("AVIF", "GIF"):
        content = encoded(PHOTO, kind, save_all=True, append_images=[PHOTO.rotate(180)])
        with pytest.raises(MultiPagePhoto):
            read_photo(saved(content, tmp_path))


SMALL = Image.fromarray(pixels(6, 8, 3))
CUT = {
    "bmp": encoded(SMALL, "BMP"),
    "gif": encoded(SMALL, "GIF"),
    "ppm": encoded(SMALL, "PPM"),
    "text.ppm": b"P3 2 1 255 101 102 103 104 105 106",
    "deep.ppm": pnm(6, pixels(6, 9, 3, np.uint16), 65535),
    "avif": encoded(SMALL, "AVIF"),
    "heic": heic(SMALL),
}


@pytest.mark.parametrize("kind", CUT)
def test_cut_anywhere_it_is_refused(kind: str, tmp_path: Path) -> None:
    content = CUT[kind]
    shortest_whole = len(content) - {"gif": 2, "text.ppm": 2}.get(kind, 0)
    for length in {
        *range(1, min(shortest_whole, 120)),
        *range(120, shortest_whole, 37),
        shortest_whole - 1,
    }:
        with pytest.raises(PhotoError):
            read_photo(saved(content[:length], tmp_path))


def test_sizes_are_checked_before_anything_is_decoded(tmp_path: Path) -> None:
    bmp, gif = bytearray(CUT["bmp"]), bytearray(CUT["gif"])
    struct.pack_into("<ii", bmp, 18, 60_000, -60_000)
    struct.pack_into("<HH", gif, 6, 65_535, 65_535)
    for content in (
        bytes(bmp),
        bytes(gif),
        b"P6 60000 60000 255\n" + bytes(99),
        b"P1 99999999 99999999\n0",
    ):
        with pytest.raises(PhotoTooLarge, match="by its header"):
            read_photo(saved(content, tmp_path))
    with pytest.raises(BrokenPhoto):
        read_photo(saved(b"P6 9000 9000 255\n" + bytes(99), tmp_path))
    for kind in ("avif", "heic", "gif", "bmp", "ppm"):
        with pytest.raises(PhotoTooLarge):
            read_photo(saved(CUT[kind], tmp_path), max_pixels=40)


@pytest.mark.parametrize("kind", CUT)
def test_flipped_bytes_end_in_a_photo_or_a_typed_error(kind: str, tmp_path: Path) -> None:
    random = np.random.default_rng(5)
    for _ in range(40):
        content = bytearray(CUT[kind])
        for place in random.integers(0, min(len(content), 500), 2):
            content[place] = random.integers(256)
        try:
            photo = read_photo(saved(bytes(content), tmp_path), max_pixels=10**6)
        except PhotoError:
            continue
        assert 0 < photo.pixels.size <= 3 * 10**6
