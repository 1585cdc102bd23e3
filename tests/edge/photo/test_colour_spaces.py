"""Colour spaces other than sRGB: seen as sRGB, and left as they were where nothing is changed."""

from __future__ import annotations

import io
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from edge.photo.color.chunks import chunk_profile, chunk_space
from edge.photo.color.curves import power
from edge.photo.color.icc import profile_space
from edge.photo.needs import need_of
from edge.photo.photo import Photo, read_photo, write_photo
from tests.edge.photo.encoders import encoded, pixels, png_chunk, png_of, tiff_of
from tests.edge.photo.profiles import ADOBE, PROFILES, SRGB, gray, scanner
from tests.edge.photo.roundtrip import rewritten, saved

GAMMA_1 = (
    png_chunk(b"gAMA", struct.pack(">I", 100000)),
    png_chunk(b"cHRM", struct.pack(">8I", *(round(1e5 * v) for v in (0.3127, 0.329, *sum(ADOBE, ()))))),
)
P3_CHUNK = (png_chunk(b"cICP", bytes([12, 13, 0, 1])),)
PQ_CHUNK = (png_chunk(b"cICP", bytes([9, 16, 0, 1])),)
SCANNER = scanner(1.8)


def vivid(dtype: Any, channels: int = 3) -> Any:
    """Colours of all kinds, those outside sRGB among them."""
    top = np.iinfo(dtype).max
    shape = (40, 60) if channels == 1 else (40, 60, 3)
    return np.random.default_rng(0).integers(0, top + 1, shape).astype(dtype)


def photo_of(folder: Path, samples: Any, icc: bytes | None = None, chunks: tuple[bytes, ...] = ()) -> Photo:
    if chunks:
        return read_photo(saved(png_of(samples, b"".join(chunks)), folder))
    photometric = "rgb" if samples.ndim == 3 else "minisblack"
    return read_photo(saved(tiff_of(samples, photometric=photometric, iccprofile=icc), folder))


def samples_of(photo: Photo) -> Any:
    return photo.pixels if photo.samples is None else photo.samples


SPACES = {
    **{name: (icc, ()) for name, icc in PROFILES.items()},
    "srgb": (SRGB, ()),
    "scanner": (SCANNER, ()),
    "gamma": (None, GAMMA_1),
    "cicp": (None, P3_CHUNK),
    "hdr": (None, PQ_CHUNK),
}


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("name", SPACES)
def test_what_is_not_changed_is_written_as_it_was(name: str, dtype: Any, tmp_path: Path) -> None:
    samples = vivid(dtype)
    photo = photo_of(tmp_path, samples, *SPACES[name])
    assert (photo.samples is None) == (name == "srgb")
    # Half of the photo is changed: the other half is not, and the file says the same of its colours.
    photo.pixels[:, :30] //= 2
    _, again = rewritten(photo, tmp_path)
    np.testing.assert_array_equal(samples_of(again)[:, 30:], samples[:, 30:])
    assert np.abs(samples_of(again)[:, :30].astype(int) - samples[:, :30]).mean() > np.iinfo(dtype).max / 20
    assert again.metadata == photo.metadata


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("name", SPACES)
def test_a_change_is_seen_in_the_file_as_it_was_made(name: str, dtype: Any, tmp_path: Path) -> None:
    level = np.iinfo(dtype).max / 255
    wanted = (pixels(40, 60, 3, dtype) // 2 + 50 * level).astype(dtype)
    any_photo = photo_of(tmp_path, wanted, *SPACES[name])
    _, photo = rewritten(replace(any_photo, pixels=wanted, samples=None), tmp_path)
    fine = dtype == np.uint16 and name != "scanner"
    for _ in range(2):
        assert np.abs(photo.pixels.astype(int) - wanted).mean() < (0.02 if fine else 1) * level
        wanted = (wanted + 9 * level).astype(dtype)
        _, photo = rewritten(replace(photo, pixels=wanted), tmp_path)


@pytest.mark.parametrize("name", PROFILES)
def test_colours_agree_with_colour_management(name: str) -> None:
    space = profile_space(PROFILES[name], gray=False)
    assert space is not None
    samples = vivid(np.uint8)
    profile = ImageCms.ImageCmsProfile(io.BytesIO(PROFILES[name]))
    target = ImageCms.createProfile("sRGB")
    expected = ImageCms.profileToProfile(Image.fromarray(samples), profile, target, renderingIntent=1)
    shown = space.to_srgb(samples)
    np.testing.assert_allclose(shown.astype(int), np.asarray(expected).astype(int), atol=1)
    deep = space.to_srgb(samples.astype(np.uint16) * 257)
    np.testing.assert_allclose(deep / 257, shown, atol=0.51)


def srgb_encoded(light: NDArray[Any]) -> NDArray[Any]:
    """Linear light to sRGB-encoded values."""
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * np.maximum(light, 0) ** (1 / 2.4) - 0.055)


def test_a_linear_16_bit_scan_is_seen_as_srgb(tmp_path: Path) -> None:
    samples = pixels(40, 60, 3, np.uint16)
    photo = photo_of(tmp_path, samples, PROFILES["linear"])
    np.testing.assert_allclose(photo.pixels, srgb_encoded(samples / 65535) * 65535, atol=6)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("pcs", [b"XYZ ", b"Lab "])
def test_gray_profiles(pcs: bytes, dtype: Any, tmp_path: Path) -> None:
    icc = gray(power(1.75) if pcs == b"XYZ " else power(1.0), pcs)
    samples = np.sort(vivid(dtype, channels=1).ravel()).reshape(40, 60)
    photo = photo_of(tmp_path, samples, icc)
    share = samples / np.iinfo(dtype).max
    light = share**1.75 if pcs == b"XYZ " else ((100 * share + 16) / 116) ** 3
    usual = share > 0.1  # above the straight part of L*
    expected = srgb_encoded(light)[usual] * np.iinfo(dtype).max
    np.testing.assert_allclose(photo.pixels[usual], expected, atol=1 if dtype == np.uint8 else 99)
    photo.pixels[:4] = 0
    _, again = rewritten(photo, tmp_path)
    assert again.metadata.icc == icc
    np.testing.assert_array_equal(samples_of(again)[4:], samples[4:])
    assert samples_of(again)[:4].max() <= np.iinfo(dtype).max // 255


def test_colours_of_a_png_become_a_profile_elsewhere(tmp_path: Path) -> None:
    for chunks in (GAMMA_1, P3_CHUNK):
        for channels in (1, 3):
            photo = photo_of(tmp_path, vivid(np.uint8, channels), None, chunks)
            if photo.samples is None:  # a P3 gray is an sRGB gray
                continue
            moved = replace(photo, metadata=replace(photo.metadata, format="TIFF"))
            _, again = rewritten(moved, tmp_path)
            np.testing.assert_array_equal(again.samples, photo.samples)
            np.testing.assert_allclose(again.pixels.astype(int), photo.pixels, atol=1)
            assert again.metadata.icc is not None
    photo = photo_of(tmp_path, vivid(np.uint8), None, PQ_CHUNK)  # which no profile can say
    _, again = rewritten(replace(photo, metadata=replace(photo.metadata, format="TIFF")), tmp_path)
    assert again.metadata.icc is None
    np.testing.assert_array_equal(again.pixels, photo.pixels)


def test_precedence_of_a_png_s_statements(tmp_path: Path) -> None:
    samples = vivid(np.uint8)
    image = Image.fromarray(samples)
    with_profile = encoded(image, "PNG", icc_profile=PROFILES["adobe"])
    adobe = read_photo(saved(with_profile, tmp_path))
    both = read_photo(saved(with_profile[:33] + b"".join(GAMMA_1) + with_profile[33:], tmp_path))
    np.testing.assert_array_equal(both.pixels, adobe.pixels)
    first = read_photo(saved(with_profile[:33] + b"".join(P3_CHUNK) + with_profile[33:], tmp_path))
    np.testing.assert_array_equal(first.pixels, photo_of(tmp_path, samples, None, P3_CHUNK).pixels)
    said = png_chunk(b"sRGB", b"\0")
    assert photo_of(tmp_path, samples, None, (said, *GAMMA_1)).samples is None
    usual = (png_chunk(b"gAMA", struct.pack(">I", 45455)),)
    assert photo_of(tmp_path, samples, None, usual).samples is None


def test_broken_statements_of_a_png_are_ignored() -> None:
    broken = {
        b"cICP": (b"", b"\xff\xff\0\1", b"\2\2\0\1"),
        b"gAMA": (b"", bytes(4)),
        b"cHRM": (bytes(7), bytes(32)),
    }
    for name, contents in broken.items():
        for content in contents:
            assert chunk_space(((name, content),), False) is None
            assert chunk_profile(((name, content),), False) is None


@pytest.mark.parametrize("icc", [b"nonsense" * 40, PROFILES["p3"][:200]])
def test_a_profile_that_viewers_ignore_is_carried(icc: bytes, tmp_path: Path) -> None:
    samples = vivid(np.uint8)
    photo = photo_of(tmp_path, samples, icc)
    np.testing.assert_array_equal(photo.pixels, samples)
    assert photo.metadata.icc == icc


def test_other_pixels_of_another_shape_are_converted(tmp_path: Path) -> None:
    photo = photo_of(tmp_path, vivid(np.uint8), PROFILES["adobe"])
    cropped = replace(photo, pixels=np.full((5, 6, 3), (90, 120, 150), np.uint8))
    write_photo(cropped, tmp_path / "cropped")
    np.testing.assert_allclose(read_photo(tmp_path / "cropped").pixels, cropped.pixels, atol=1)


def test_what_is_held_twice_is_told(tmp_path: Path) -> None:
    """Each with a file of its own kind: p3 is that of a TIFF, and cICP that of a PNG."""
    plain = {"p3": SPACES["srgb"], "cicp": (None, (png_chunk(b"sRGB", b"\0"),))}
    for dtype in (np.uint8, np.uint16):
        for name, same in plain.items():
            counts = []
            for space in (same, SPACES[name]):
                photo_of(tmp_path, vivid(dtype), *space)
                counts.append(need_of(tmp_path / "photo", 10**6).bytes)
            assert counts[1] == counts[0] + vivid(dtype).nbytes
