"""Strength, and what stays of a photo's colours: gray, hue and alpha."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.bundle.bundle import open_bundle
from edge.bundle.manifest import Precision
from edge.restore import tone
from edge.restore.options import Options
from edge.restore.restorer import Restorer
from tests.edge.small_pictures import FULL, STRENGTH, distance, photo, picture, restored


@pytest.mark.parametrize("precision", ["int8", pytest.param("float32", marks=pytest.mark.slow)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_without_strength_the_photo_is_untouched(
    tiny_bundle: Path, precision: Precision, dtype: Any
) -> None:
    for colours in (0, 3):
        pixels = picture(40, 33, dtype, colours)
        found = restored(tiny_bundle, pixels, Options(strength=0), precision=precision)
        np.testing.assert_array_equal(found, pixels)


def test_half_the_strength_is_half_the_change(tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tone, "MIN_CHANGE", 2.0)  # a change of tone would change what the networks see
    pixels = picture(40, 33)
    full, half = (
        restored(tiny_bundle, pixels, Options(strength=share, scratches="off")) for share in (0.2, 0.1)
    )
    inside = (full > 0) & (full < 255)
    change = (full.astype(int) - pixels)[inside]
    assert inside.mean() > 0.5 and np.abs(change).max() > 4
    assert np.abs(change / 2 - (half.astype(int) - pixels)[inside]).max() <= 1


@pytest.mark.parametrize("precision", ["int8", pytest.param("float32", marks=pytest.mark.slow)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_gray_stays_gray_unless_asked_otherwise(
    tiny_bundle: Path, precision: Precision, dtype: Any
) -> None:
    gray = picture(30, 41, dtype, colours=0)
    kept = restored(tiny_bundle, gray, Options(STRENGTH), precision=precision)
    assert (kept.shape, kept.dtype) == (gray.shape, gray.dtype)
    assert distance(kept, gray) > 0
    colour = restored(tiny_bundle, gray, Options(STRENGTH, keep_gray=False), precision=precision)
    assert (colour.shape, colour.dtype) == ((30, 41, 3), gray.dtype)
    assert distance(colour[..., 0], colour[..., 2]) > 0
    # A gray picture in a colour file: the same one.
    stored = np.repeat(gray[..., None], 3, axis=2)
    np.testing.assert_array_equal(
        restored(tiny_bundle, stored, Options(STRENGTH), precision=precision),
        np.repeat(kept[..., None], 3, axis=2),
    )


def test_a_gray_picture_in_a_colour_file_gets_no_tint(
    tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even where the tone network would give each colour another curve."""
    knots = np.stack([np.linspace(0, 0.5, 9), np.linspace(0.1, 1, 9), np.linspace(0.2, 0.9, 9)])
    monkeypatch.setattr(tone, "curves", lambda steps: knots)
    stored = np.repeat(picture(30, 41, colours=0)[..., None], 3, axis=2)
    kept = restored(tiny_bundle, stored, Options(STRENGTH))
    assert distance(kept[..., 0], kept[..., 1]) == distance(kept[..., 0], kept[..., 2]) == 0
    tinted = restored(tiny_bundle, stored, Options(STRENGTH, keep_gray=False))
    assert distance(tinted[..., 0], tinted[..., 1]) > 8


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_toned_photo_keeps_its_hue(
    tiny_bundle: Path, dtype: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tone and residual move all colours of a pixel alike: sepia stays sepia."""
    monkeypatch.setattr(tone, "MIN_CHANGE", 0.0)
    ink = np.array((1.0, 0.85, 0.65))
    sepia = (picture(30, 41, dtype, colours=0)[..., None] * ink).astype(dtype)
    options = Options(STRENGTH, scratches="off")
    kept = restored(tiny_bundle, sepia, options)
    assert distance(kept, sepia) > FULL[dtype] / 50
    inside = ((kept > 0) & (kept < FULL[dtype])).all(axis=2)
    assert inside.mean() > 0.5
    for one, other in ((0, 1), (1, 2)):
        before, after = (x[..., one].astype(int) - x[..., other] for x in (sepia, kept))
        np.testing.assert_array_equal(after[inside], before[inside])
    tinted = restored(tiny_bundle, sepia, replace(options, keep_gray=False))
    assert distance(tinted[..., 0] - tinted[..., 1], sepia[..., 0] - sepia[..., 1]) > 0


def test_colour_and_alpha_are_kept(tiny_bundle: Path) -> None:
    for dtype in (np.uint8, np.uint16):
        pixels, alpha = picture(20, 30, dtype), picture(20, 30, dtype, colours=0)
        given = photo(pixels, alpha.copy())
        found = Restorer(open_bundle(tiny_bundle)).restore(given, Options(STRENGTH)).photo
        assert found.alpha is not None
        np.testing.assert_array_equal(found.alpha, alpha)
        assert found.alpha.dtype == found.pixels.dtype == dtype
        assert found.metadata is given.metadata
        assert distance(found.pixels[..., 0], found.pixels[..., 2]) > 0
