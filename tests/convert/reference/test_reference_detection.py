"""Damage the reference networks fill: scratches found by the detector, and masks given as files."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")

from convert.reference import restorer  # noqa: E402
from convert.reference.chain import PhotoRows  # noqa: E402
from convert.reference.detection import detector_size, find_scratches, widened  # noqa: E402
from convert.reference.nets import ScratchUnet  # noqa: E402
from convert.reference.presets import PRESETS  # noqa: E402
from edge.errors import PhotoError  # noqa: E402
from edge.restore.options import Options  # noqa: E402
from tests.convert.reference.restoring_reference import (  # noqa: E402
    CPU,
    KINDS_OF_PHOTO,
    Weights,
    damage,
    distance,
    found_by,
    made,
    painted,
    photo,
    picture,
    restored,
)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((600, 400), (384, 256)),
        ((400, 600), (256, 384)),
        ((256, 256), (256, 256)),
        ((100, 103), (256, 256)),  # 16.48 times 16
        ((1, 700), (32, 2048)),
        ((4000, 100), (2048, 48)),
    ],
)
def test_the_detector_sees_256_pixels_or_less_where_the_photo_is_long(
    size: tuple[int, int], expected: tuple[int, int]
) -> None:
    assert detector_size(*size) == expected


@pytest.mark.parametrize(
    ("size", "kind"),
    [((64, 48), "colour"), ((64, 48), "16 bits"), ((41, 97), "gray"), ((300, 280), "colour")],
)
def test_scratches_are_found_as_published(size: tuple[int, int], kind: str) -> None:
    detector = cast(ScratchUnet, Weights().load("detection"))
    pixels = picture(*size, *KINDS_OF_PHOTO[kind])
    eight_bit = np.round(pixels / 257).astype(np.uint8) if pixels.dtype == np.uint16 else pixels
    expected = found_by(detector, Image.fromarray(eight_bit).convert("L"))[0, 0].bool().numpy()
    found = find_scratches(detector, pixels, 0.4, CPU)
    assert found.dtype == np.bool_ and found.shape == size
    assert 0.02 < expected.mean() < 0.8
    assert (found != expected).mean() < 1e-3


def test_a_probability_at_the_threshold_is_a_scratch() -> None:
    detector = cast(ScratchUnet, Weights().load("detection"))
    last = cast(Any, detector.last[1])
    last.weight.zero_()
    last.bias.zero_()
    for threshold, found in ((0.5, True), (0.5000001, False)):
        assert (find_scratches(detector, picture(20, 30), threshold, CPU) == found).all()


@pytest.mark.parametrize("preset", PRESETS)
def test_a_mask_that_does_not_fit_is_refused_before_pixels_change(preset: str, tmp_path: Path) -> None:
    given = photo(pixels := picture(20, 30))
    options = Options(scratches=painted(tmp_path, damage(30, 20)))
    with pytest.raises(PhotoError, match="20x30"):
        made(preset=preset).restore(given, options)
    np.testing.assert_array_equal(given.pixels, pixels)


def test_the_published_preset_resizes_a_mask_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[PhotoRows] = []

    def spy(*arguments: Any) -> PhotoRows:
        seen.append(PhotoRows(*arguments))
        return seen[-1]

    monkeypatch.setattr(restorer, "PhotoRows", spy)
    mask = damage(50, 70)
    restored(picture(50, 70), Options(scratches=painted(tmp_path, mask)), "published")
    down = ((np.arange(48) + 0.5) * 50 / 48).astype(int)
    across = ((np.arange(64) + 0.5) * 70 / 64).astype(int)
    np.testing.assert_array_equal(seen[0].mask, mask[down[:, None], across])


@pytest.mark.parametrize("hr", [False, True])
def test_only_the_high_resolution_mapping_sees_a_wider_mask(
    hr: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[PhotoRows] = []

    def spy(*arguments: Any) -> PhotoRows:
        seen.append(PhotoRows(*arguments))
        return seen[-1]

    monkeypatch.setattr(restorer, "PhotoRows", spy)
    mask = np.zeros((40, 40), np.bool_)
    mask[10, 12] = True
    done = made(hr=hr).restore(photo(picture(40, 40)), Options(scratches=painted(tmp_path, mask))).done
    expected = np.zeros((64, 64) if hr else (40, 40), np.bool_)
    margin = 3 if hr else 0
    expected[10 - margin : 11 + margin, 12 - margin : 13 + margin] = True
    np.testing.assert_array_equal(seen[0].mask, expected)
    assert done[0] == "scratches on 0.1 % of the photo"  # as it was painted


def test_a_mask_is_widened_in_all_directions() -> None:
    mask = np.zeros((9, 12), np.bool_)
    mask[4, 10] = True
    expected = np.zeros_like(mask)
    expected[2:7, 8:] = True
    np.testing.assert_array_equal(widened(mask, 2), expected)


@pytest.mark.parametrize("hr", [False, True])
def test_what_a_mask_covers_does_not_matter(hr: bool, tmp_path: Path) -> None:
    one, mask = picture(50, 70), damage(50, 70)
    other = one.copy()
    other[mask] = 255 - other[mask] // 3
    options = Options(scratches=painted(tmp_path, mask))
    found = [restored(pixels, options, hr=hr) for pixels in (one, other)]
    np.testing.assert_array_equal(found[0][~mask], found[1][~mask])
    assert distance(*found) <= 1
