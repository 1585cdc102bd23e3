"""The public API: what it takes, that it copies, and that the documented examples run."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import heirloom
from heirloom.restoring import as_photo

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "python-api.md"
SAMPLE = ROOT / "samples" / "astronaut-old.jpg"


@pytest.fixture(scope="module")
def restorer() -> heirloom.Restorer:
    return heirloom.Restorer(threads=1)


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    with Image.open(SAMPLE) as image:
        return np.array(image.resize((72, 60)))


def test_an_array_is_left_as_it_is_unless_it_may_be_overwritten(
    restorer: heirloom.Restorer, pixels: np.ndarray
) -> None:
    before = pixels.copy()
    restored = restorer.restore(pixels).photo.pixels
    assert np.array_equal(pixels, before) and not np.array_equal(restored, before)
    own = pixels.copy()
    overwritten = restorer.restore(own, in_place=True).photo.pixels
    assert np.shares_memory(own, overwritten) and np.array_equal(own, restored)
    photo = as_photo(pixels)
    restorer.restore(photo)
    assert np.array_equal(photo.pixels, before)


def test_paths_arrays_images_and_photos_give_the_same(restorer: heirloom.Restorer, tmp_path: Path) -> None:
    with Image.open(SAMPLE) as image:
        small = image.resize((40, 33))
    small.save(tmp_path / "a.png")
    path = tmp_path / "a.png"
    pictures: list[heirloom.Picture] = [path, str(path), np.array(small), small, heirloom.read_photo(path)]
    found = [restorer.restore(picture).photo.pixels for picture in pictures]
    assert all(np.array_equal(found[0], other) for other in found[1:])


def test_options_come_as_one_or_by_name(restorer: heirloom.Restorer, pixels: np.ndarray) -> None:
    options = heirloom.Options(strength=0.5, faces="off")
    one = restorer.restore(pixels, options)
    other = restorer.restore(pixels, strength=0.5, faces="off")
    assert np.array_equal(one.photo.pixels, other.photo.pixels)
    with pytest.raises(TypeError, match="strenght"):
        restorer.restore(pixels, strenght=0.5)
    for wrong in (-0.1, 1.5, float("nan")):
        with pytest.raises(heirloom.HeirloomError, match=r"face_strength.*0\.\.1"):
            heirloom.Options(face_strength=wrong)


def test_the_page_lists_every_option_with_its_default() -> None:
    listed = dict(re.findall(r"^\| `(\w+)` \| (\S+) \|", PAGE.read_text("utf-8"), re.M))
    defaults = {field.name: field.default for field in fields(heirloom.Options)}
    assert {name: ast.literal_eval(text.strip("`")) for name, text in listed.items()} == defaults


@pytest.mark.parametrize(
    ("mode", "shape", "alpha"),
    [
        ("L", (8, 9), False),
        ("1", (8, 9), False),
        ("RGB", (8, 9, 3), False),
        ("CMYK", (8, 9, 3), False),
        ("P", (8, 9, 3), False),
        ("LA", (8, 9), True),
        ("RGBA", (8, 9, 3), True),
    ],
)
def test_every_kind_of_image_becomes_a_photo(mode: str, shape: tuple[int, ...], alpha: bool) -> None:
    photo = as_photo(Image.new(mode, (9, 8)))
    assert photo.pixels.shape == shape and (photo.alpha is not None) == alpha
    assert photo.pixels.flags.c_contiguous and photo.pixels.flags.writeable


@pytest.mark.parametrize(
    "picture", [np.zeros((4, 4), np.float32), np.zeros((4, 4, 5), np.uint8), np.zeros((0, 4), np.uint8)]
)
def test_an_array_that_is_no_photo_is_refused_in_a_sentence(picture: np.ndarray) -> None:
    with pytest.raises(heirloom.HeirloomError, match="is not a photo: give"):
        heirloom.restore(picture)


def test_progress_ends_at_all_of_it(restorer: heirloom.Restorer, pixels: np.ndarray) -> None:
    seen: list[float] = []
    restorer.restore(pixels, on_progress=seen.append)
    assert seen == sorted(seen) and seen[-1] == 1


@pytest.mark.slow
def test_the_page_documents_every_option_and_its_examples_run(tmp_path: Path) -> None:
    page = PAGE.read_text("utf-8")
    assert [field.name for field in fields(heirloom.Options)] == re.findall(r"^\| `(\w+)` \|", page, re.M)
    for folder in ("samples", "docs"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    blocks = re.findall(r"^```python\n(.*?)^```", page, re.M | re.S)
    assert len(blocks) == 5
    script = "\n".join(blocks)
    run = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert (tmp_path / "astronaut.restored.jpg").exists() and "100%" in run.stdout


def test_the_command_is_there_as_a_module() -> None:
    run = subprocess.run([sys.executable, "-m", "heirloom", "--version"], capture_output=True, text=True)
    assert run.returncode == 0 and run.stdout.startswith("heirloom ")
