"""Colour profiles, and modes other than gray and RGB: CMYK, palettes, transparent colours, frames."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from edge.photo.color.icc import profile_space
from edge.photo.metadata.metadata import Metadata
from edge.photo.photo import Photo, not_kept, read_photo
from tests.edge.photo.encoders import encoded, gray_icc_profile, icc_profile, pixels, png, png_chunk, png_of
from tests.edge.photo.roundtrip import rewritten, saved


def test_pixels_are_converted_to_srgb(tmp_path: Path) -> None:
    image = Image.fromarray(pixels(60, 90, 3))
    icc = icc_profile()
    photo = read_photo(saved(encoded(image, "PNG", icc_profile=icc), tmp_path))
    profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
    expected = ImageCms.profileToProfile(
        image, profile, ImageCms.createProfile("sRGB"), ImageCms.Intent.RELATIVE_COLORIMETRIC
    )
    assert np.abs(np.asarray(expected).astype(int) - np.asarray(image)).max() > 20
    np.testing.assert_allclose(photo.pixels.astype(int), np.asarray(expected).astype(int), atol=2)


def test_a_gray_profile_is_a_curve_there_and_back(tmp_path: Path) -> None:
    ramp = Image.fromarray(np.arange(256, dtype=np.uint8)[None])
    photo = read_photo(saved(encoded(ramp, "PNG", icc_profile=gray_icc_profile()), tmp_path))
    assert photo.pixels.shape == (1, 256)
    assert abs(int(photo.pixels[0, 55]) - 128) <= 1  # linear 0.2157 is sRGB 0.5
    with Image.open(rewritten(photo, tmp_path)[0]) as opened:
        np.testing.assert_allclose(np.asarray(opened).astype(int), np.asarray(ramp), atol=2)


def test_profiles_that_change_nothing_cost_nothing() -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert profile_space(srgb, gray=False) is None
    assert profile_space(icc_profile(), gray=False) is not None
    assert profile_space(gray_icc_profile(), gray=False) is None
    for length in (0, 100, 131, 200, 300):
        assert profile_space(icc_profile()[:length], gray=False) is None
    assert profile_space(b"nonsense" * 40, gray=False) is None


def test_a_profile_for_gray_is_dropped_once_the_photo_has_colour(tmp_path: Path) -> None:
    color = pixels(30, 40, 3)
    _, again = rewritten(Photo(color, None, Metadata("PNG", icc=gray_icc_profile())), tmp_path)
    assert again.metadata.icc is None
    np.testing.assert_array_equal(again.pixels, color)


def test_cmyk_becomes_rgb(tmp_path: Path) -> None:
    image = Image.fromarray(pixels(60, 90, 3))
    for kind in ("JPEG", "TIFF"):
        photo = read_photo(saved(encoded(image.convert("CMYK"), kind), tmp_path))
        assert np.abs(photo.pixels.astype(int) - np.asarray(image)).mean() < 8
        assert not_kept(photo) == ("CMYK, which is written as RGB",)
        with Image.open(rewritten(photo, tmp_path)[0]) as opened:
            assert (opened.mode, opened.format) == ("RGB", kind)


def test_palettes_and_masks(tmp_path: Path) -> None:
    image = Image.fromarray(pixels(60, 90, 3))
    palette = image.quantize(16)
    photo = read_photo(saved(encoded(palette, "PNG"), tmp_path))
    np.testing.assert_array_equal(photo.pixels, np.asarray(palette.convert("RGB")))
    assert photo.alpha is None

    levels = bytes(range(0, 160, 10))
    photo = read_photo(saved(encoded(palette, "PNG", transparency=levels), tmp_path))
    np.testing.assert_array_equal(photo.alpha, np.frombuffer(levels, np.uint8)[np.asarray(palette)])

    gray = image.convert("L").quantize(16)
    photo = read_photo(saved(encoded(gray, "PNG"), tmp_path))
    np.testing.assert_array_equal(photo.pixels, np.asarray(gray.convert("L")))

    mask = image.convert("1")
    photo = read_photo(saved(encoded(mask, "TIFF"), tmp_path))
    np.testing.assert_array_equal(photo.pixels, np.asarray(mask) * np.uint8(255))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_transparent_colour_becomes_alpha(dtype: Any, tmp_path: Path) -> None:
    for channels in (1, 3):
        picture = pixels(20, 30, channels, dtype)
        key = picture[3, 4]
        chunk = png_chunk(b"tRNS", np.atleast_1d(key).astype(">u2").tobytes())
        photo = read_photo(saved(png_of(picture, chunk), tmp_path))
        same = (picture == key).reshape(20, 30, channels).all(axis=2)
        assert same.any()
        assert photo.alpha is not None
        np.testing.assert_array_equal(photo.alpha, np.where(same, 0, np.iinfo(dtype).max))


def test_a_transparent_gray_of_a_few_bits_becomes_alpha(tmp_path: Path) -> None:
    content = png(4, 1, 4, 0, b"\0\x05\x5f", png_chunk(b"tRNS", b"\0\x05"))
    photo = read_photo(saved(content, tmp_path))
    assert photo.pixels.tolist() == [[0, 85, 85, 255]]
    assert photo.alpha is not None
    assert photo.alpha.tolist() == [[255, 0, 0, 255]]


def test_a_phone_photo_with_a_second_frame_is_its_first(tmp_path: Path) -> None:
    first, second = (Image.fromarray(pixels(60, 90, 3) // divisor) for divisor in (1, 4))
    content = encoded(first, "MPO", save_all=True, append_images=[second], quality=95)
    photo = read_photo(saved(content, tmp_path))
    assert photo.metadata.format == "JPEG"
    assert np.abs(photo.pixels.astype(int) - np.asarray(first)).mean() < 8


def test_lossless_webp_stays_lossless(tmp_path: Path) -> None:
    content = encoded(Image.fromarray(pixels(60, 90, 4)), "WEBP", lossless=True, exact=True)
    photo = read_photo(saved(content, tmp_path))
    _, again = rewritten(photo, tmp_path)
    np.testing.assert_array_equal(again.pixels, photo.pixels)
    np.testing.assert_array_equal(photo.pixels, pixels(60, 90, 4)[..., :3])
