"""Files that claim more than they hold are refused from their headers, within the limit of memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from edge.errors import MemoryBudgetExceeded, PhotoError, PhotoTooLarge, UnsupportedPhoto
from edge.photo.opened import MAX_FILE
from edge.photo.photo import read_photo
from edge.restore.damage.mask import mask_reading_bytes, read_mask
from tests.edge.photo.encoders import encoded, pixels
from tests.security.photos.attacks import (
    ATTACKS,
    EXIF,
    LONGER,
    MEGA,
    Attack,
    lossless_webp,
    segments,
    write,
)

LIMIT = 300_000_000
MORE = 50_000_000
SECONDS = 20
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="the peak can be reset only on Linux")
ROOT = Path(__file__).parents[3]


def measured(limit: int, paths: list[Path], folder: Path) -> dict[str, dict[str, Any]]:
    """What the child says of each file, by its name; ``limit`` 0: only read, with an estimate."""
    first = folder / "first.png"
    Image.fromarray(pixels(16, 16, 3)).save(first)
    command = [
        sys.executable,
        "-m",
        "tests.security.photos.child",
        str(limit),
        str(first),
        *map(str, paths),
    ]
    out = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert out.returncode == 0, out.stderr
    assert not out.stderr
    found = [json.loads(line) for line in out.stdout.splitlines()]
    return {one["name"]: one for one in found}


def check(attacks: list[Attack], folder: Path) -> None:
    found = measured(LIMIT, [write(attack, folder) for attack in attacks], folder)
    assert len(found) == len(attacks)
    for attack in attacks:
        one = found[attack.name]
        assert attack.outcome in one["outcome"], one
        assert "\n" not in one["outcome"]
        assert one["peak"] < LIMIT + MORE, one
        # Nothing is held that the file only claims, nor what is left out.
        assert one["held"] < 150_000_000, one
        assert one["seconds"] < SECONDS, one


@on_linux
def test_each_is_refused_or_read_without_its_metadata_within_the_limit(tmp_path: Path) -> None:
    check(ATTACKS, tmp_path)


@on_linux
@pytest.mark.slow
def test_so_are_those_that_take_longer(tmp_path: Path) -> None:
    check(LONGER, tmp_path)


@on_linux
@pytest.mark.slow
def test_fifty_megabytes_of_exif_take_no_longer_than_reading_them(tmp_path: Path) -> None:
    attack = Attack("many.jpg", lambda: segments(0xE1, EXIF + bytes(65_000), 770), "")
    (one,) = measured(LIMIT, [write(attack, tmp_path)], tmp_path).values()
    assert one["seconds"] < 5
    assert one["held"] < 80 * MEGA


def test_a_mask_is_refused_by_its_header(tmp_path: Path) -> None:
    """By its size, for it has to be that of the photo, and by what it takes to read it."""
    attack = Attack("mask.webp", lossless_webp, "")
    path = write(attack, tmp_path)
    for read in (mask_reading_bytes, read_mask):
        with pytest.raises(PhotoError, match="16383x12000 pixels and the photo 40x30"):
            read(path, (30, 40))
        with pytest.raises(MemoryBudgetExceeded, match="needs at least"):
            read(path, (12_000, 16_383), LIMIT)


def test_more_than_the_machine_has_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "photo.jpg"
    Image.fromarray(pixels(400, 500, 3)).save(path)
    read_photo(path)
    monkeypatch.setattr("edge.memory.available", lambda: 5 * MEGA)
    with pytest.raises(MemoryBudgetExceeded, match=r"500x400 pixels needs .* machine has 5 MB"):
        read_photo(path)
    read_photo(path, max_memory=LIMIT)  # who names a limit is believed


def test_small_files_of_large_plain_pictures_are_read(tmp_path: Path) -> None:
    """A size that the pixels could not have is no reason to refuse: plain pictures are tiny."""
    plain = Image.new("RGB", (3000, 2000), "gray")
    for kind, options in (("WEBP", {"lossless": True}), ("PNG", {}), ("TIFF", {"compression": "tiff_lzw"})):
        path = tmp_path / f"plain.{kind}"
        plain.save(path, kind, **options)
        assert path.stat().st_size < 300_000
        assert read_photo(path, max_memory=LIMIT).pixels.shape == (2000, 3000, 3)


def test_a_long_side_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "long.png"
    Image.new("L", (1_000_001, 1)).save(path)
    with pytest.raises(PhotoTooLarge, match="no side may be longer than 1000000"):
        read_photo(path)
    Image.new("L", (1_000_000, 1)).save(path)
    assert read_photo(path).pixels.shape == (1, 1_000_000)


def test_a_file_larger_than_any_photo_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(encoded(Image.fromarray(pixels(16, 16, 3)), "JPEG"))
    with path.open("r+b") as out:
        out.truncate(MAX_FILE + 1)
    with pytest.raises(UnsupportedPhoto, match="8 GB, more than a photo"):
        read_photo(path)
