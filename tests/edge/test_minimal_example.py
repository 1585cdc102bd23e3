"""An example without an import of ours gives the runtime's levels: the page leaves nothing out."""

from __future__ import annotations

import ast
import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from edge.bundle.bundle import open_bundle
from edge.bundle.manifest import Detection
from edge.photo.metadata.metadata import Metadata
from edge.photo.photo import Photo, read_photo
from edge.restore.options import Options
from edge.restore.restorer import Restored, Restorer

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "minimal.py"
SAMPLE, MASK = ROOT / "samples" / "astronaut-old.jpg", ROOT / "samples" / "astronaut-damage.png"

Pixels = NDArray[np.uint8]
Restore = Callable[..., tuple[Pixels, Restored]]
"""A photo and perhaps a mask to what the example gives, and what the runtime does."""


def load_example(bundle: Path | None = None) -> ModuleType:
    spec = importlib.util.spec_from_file_location("minimal_example", EXAMPLE)
    assert spec and spec.loader
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    example.BUNDLE = bundle or example.BUNDLE
    return example


def both(example: ModuleType, restorer: Restorer, tmp_path: Path) -> Restore:
    def restore(pixels: Pixels, mask: NDArray[np.bool_] | None = None) -> tuple[Pixels, Restored]:
        options = Options(faces="off")
        if mask is not None:
            Image.fromarray(np.uint8(255) * mask).save(tmp_path / "mask.png")
            options = replace(options, scratches=tmp_path / "mask.png")
        expected = restorer.restore(Photo(pixels.copy(), None, Metadata("PNG")), options)
        colour = pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)
        found = example.restore(colour, mask)
        return found if pixels.ndim == 3 else found[..., 0], expected

    return restore


@pytest.fixture
def shipped(tmp_path: Path) -> Restore:
    return both(load_example(), Restorer(open_bundle()), tmp_path)


@pytest.fixture
def sensitive(tmp_path: Path) -> Restore:
    """The shipped networks under a rule that shrinks small crops and finds damage in faces too."""
    rule = Detection(
        largest_side=150,
        smallest_side=40,
        high=120,
        low=60,
        large=500,
        thick=12,
        thick_mean=100,
        thick_spread=60,
        thin_from=1000,
        thin_high=80,
        thin_low=40,
        face_thick=60,
        grow=2,
    )
    bundle = open_bundle()
    manifest = msgspec.structs.replace(bundle.manifest, working_side=128, detection=rule)
    for file in bundle.folder.glob("*/int8.tflite"):
        (tmp_path / file.parent.name).mkdir()
        shutil.copyfile(file, tmp_path / file.parent.name / file.name)
    shutil.copytree(bundle.folder / "tone", tmp_path / "tone")
    (tmp_path / "manifest.json").write_bytes(msgspec.json.encode(manifest))
    return both(load_example(tmp_path), Restorer(replace(bundle, manifest=manifest)), tmp_path)


def crop(rows: slice, columns: slice) -> tuple[Pixels, NDArray[np.bool_]]:
    """A part of the sample photo, and the mask of its damage that somebody painted."""
    pixels, mask = read_photo(SAMPLE).pixels, read_photo(MASK).pixels
    return np.ascontiguousarray(pixels[rows, columns], np.uint8), mask[rows, columns] > 127


def test_damage_that_is_found(shipped: Restore) -> None:
    pixels, _ = crop(slice(300, 450), slice(300, 441))
    found, expected = shipped(pixels)
    assert expected.damage is not None
    np.testing.assert_array_equal(found, expected.photo.pixels)


def test_a_painted_mask_on_sides_that_are_no_multiples_of_a_cell(shipped: Restore) -> None:
    found, expected = shipped(*crop(slice(10, 109), slice(300, 511)))
    assert expected.damage is not None
    np.testing.assert_array_equal(found, expected.photo.pixels)


@pytest.mark.parametrize("gray", [False, True])
def test_a_faded_photo_without_damage(shipped: Restore, gray: bool) -> None:
    pixels, _ = crop(slice(0, 130), slice(120, 301))
    faded = (0.3 * pixels + 60).astype(np.uint8)
    found, expected = shipped(faded[..., 1] if gray else faded, np.zeros(faded.shape[:2], np.bool_))
    assert expected.damage is None and "tone" in expected.done
    np.testing.assert_array_equal(found, expected.photo.pixels)


def test_the_rule_for_damage_is_the_manifests(sensitive: Restore) -> None:
    found, expected = sensitive(crop(slice(250, 455), slice(0, 191))[0])
    assert expected.damage is not None and expected.damage.factor == 2
    np.testing.assert_array_equal(found, expected.photo.pixels)


def test_almost_everything_damaged(shipped: Restore) -> None:
    pixels, mask = crop(slice(0, 12), slice(0, 511))
    mask[:] = True
    mask[5, 7] = False
    found, expected = shipped(pixels, mask)
    np.testing.assert_array_equal(found, expected.photo.pixels)


def test_its_command_line(tmp_path: Path) -> None:
    pixels, mask = crop(slice(0, 60), slice(0, 90))
    for name, picture in (("photo.png", pixels), ("mask.png", np.uint8(255) * mask)):
        Image.fromarray(picture).save(tmp_path / name)
    files = [str(tmp_path / name) for name in ("photo.png", "out.png", "mask.png")]
    subprocess.run([sys.executable, str(EXAMPLE), *files], check=True, cwd=tmp_path)
    options = Options(faces="off", scratches=tmp_path / "mask.png")
    expected = Restorer(open_bundle()).restore(read_photo(tmp_path / "photo.png"), options)
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "out.png")), expected.photo.pixels)


def test_it_is_short_and_imports_nothing_of_ours() -> None:
    text = EXAMPLE.read_text("utf-8")
    imported = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").split(".")[0])
    assert imported - sys.stdlib_module_names == {"numpy", "PIL", "ai_edge_litert"}
    assert text.count("\n") < 350
