from __future__ import annotations

import contextlib
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from edge.errors import BrokenPhoto, PhotoError, PhotoTooLarge
from edge.photo.photo import read_photo, write_photo
from tests.edge.photo.encoders import pixels, png_of
from tests.edge.photo.hostile import Hostile, make_hostile_photos

SECONDS = 5


@pytest.fixture(scope="module")
def hostile_set(tmp_path_factory: pytest.TempPathFactory) -> list[Hostile]:
    return make_hostile_photos(tmp_path_factory.mktemp("hostile"))


def outcome(path: Path, out: Path) -> type[PhotoError] | None:
    """What becomes of a photo; anything but a ``PhotoError`` is let through."""
    try:
        photo = read_photo(path)
    except PhotoError as error:
        assert str(path) in str(error)
        assert "\n" not in str(error)
        assert str(error).endswith(".")
        return type(error)
    write_photo(photo, out)
    again = read_photo(out)
    assert (again.pixels.shape, again.pixels.dtype) == (photo.pixels.shape, photo.pixels.dtype)
    assert (again.alpha is None) == (photo.alpha is None)
    assert again.metadata == photo.metadata
    return None


@pytest.mark.filterwarnings("error")
def test_each_is_restored_or_refused_as_expected(hostile_set: list[Hostile], tmp_path: Path) -> None:
    wrong = {}
    for hostile in hostile_set:
        started = time.monotonic()
        got = outcome(hostile.path, tmp_path / "out" / hostile.path.name)
        assert time.monotonic() - started < SECONDS, hostile.path.name
        if got is not hostile.error:
            wrong[hostile.path.name] = (got, hostile.error)
    assert not wrong
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert written == {hostile.path.name for hostile in hostile_set if hostile.error is None}


def test_the_set_is_large_and_has_every_error(hostile_set: list[Hostile]) -> None:
    assert len(hostile_set) >= 45
    assert {hostile.error for hostile in hostile_set} >= {None, *PhotoError.__subclasses__()}


def test_the_set_is_deterministic(hostile_set: list[Hostile], tmp_path: Path) -> None:
    again = make_hostile_photos(tmp_path)
    for one, other in zip(hostile_set, again, strict=True):
        assert one.path.name == other.path.name
        if one.path.is_file():
            assert one.path.read_bytes() == other.path.read_bytes()


def test_pillow_is_left_as_it_was(hostile_set: list[Hostile], monkeypatch: pytest.MonkeyPatch) -> None:
    limit, known = 12345, dict(TiffImagePlugin.OPEN_INFO)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
    for hostile in hostile_set[::5]:
        with contextlib.suppress(PhotoError):
            read_photo(hostile.path)
    assert limit == Image.MAX_IMAGE_PIXELS
    assert known == TiffImagePlugin.OPEN_INFO


def test_flipped_bytes_are_read_or_refused(hostile_set: list[Hostile], tmp_path: Path) -> None:
    """Whatever is wrong with a file, it ends in a photo or in a typed error."""
    random = np.random.default_rng(7)
    small = [one.path for one in hostile_set if one.path.is_file() and one.path.stat().st_size < 20000]
    for number in range(300):
        content = bytearray(small[number % len(small)].read_bytes())
        for place in random.integers(0, max(1, min(len(content), 600)), 3):
            content[place : place + 1] = bytes([random.integers(256)])
        broken = tmp_path / "broken"
        broken.write_bytes(content)
        try:
            photo = read_photo(broken, max_pixels=10**6)
        except PhotoError:
            continue
        assert 0 < photo.pixels.size <= 3 * 10**6
        write_photo(photo, tmp_path / "out")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_the_limit_is_the_callers(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "photo"
    Image.fromarray(pixels(30, 40, 3)).save(path, kind)
    assert read_photo(path, max_pixels=1200).pixels.shape == (30, 40, 3)
    with pytest.raises(PhotoTooLarge, match="40 x 30 pixels by its header, more than the limit of 1199"):
        read_photo(path, max_pixels=1199)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_a_limit_above_pillows_is_ours(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow refuses above its own limit, which the whole process shares; ours may be higher."""
    path = tmp_path / "photo"
    Image.fromarray(pixels(30, 40, 3)).save(
        path, kind, **({"compression": "tiff_lzw"} if kind == "TIFF" else {})
    )
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    assert read_photo(path).pixels.shape == (30, 40, 3)


def test_a_png_cut_anywhere_is_broken(tmp_path: Path) -> None:
    content = png_of(pixels(8, 9, 3))
    path = tmp_path / "cut.png"
    for length in range(1, len(content)):
        path.write_bytes(content[:length])
        with pytest.raises(BrokenPhoto):
            read_photo(path)
