"""OpenCV: it fills what the mask shows, denoises, and says what it can't read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

cv2 = pytest.importorskip("cv2")

from convert.alternatives.opencv import open_alternative  # noqa: E402
from edge.errors import HeirloomError  # noqa: E402

SCRATCH = (slice(None), slice(30, 33))


def files(folder: Path, clean: NDArray[np.uint8]) -> tuple[Path, Path]:
    """A noisy photo with a white scratch, and the scratch's mask."""
    noise = np.random.default_rng(0).normal(0, 6, clean.shape)
    pixels = np.clip(clean + noise, 0, 255).astype(np.uint8)
    mask = np.zeros(clean.shape[:2], np.uint8)
    pixels[SCRATCH], mask[SCRATCH] = 255, 255
    Image.fromarray(pixels).save(folder / "photo.png")
    Image.fromarray(mask).save(folder / "mask.png")
    return folder / "photo.png", folder / "mask.png"


def pixels_of(path: Path) -> NDArray[Any]:
    return np.asarray(Image.open(path)).astype(int)


@pytest.mark.parametrize("gray", [False, True])
def test_damage_is_filled_and_grain_smoothed(tmp_path: Path, gray: bool) -> None:
    clean = np.full((48, 64) if gray else (48, 64, 3), 90, np.uint8)
    photo, mask = files(tmp_path, clean)
    restore = open_alternative(None, 1)
    restore(photo, mask, tmp_path / "filled.png")
    restore(photo, None, tmp_path / "denoised.png")
    filled, denoised = pixels_of(tmp_path / "filled.png"), pixels_of(tmp_path / "denoised.png")
    assert filled.shape == clean.shape
    assert np.abs(filled - 90)[SCRATCH].max() < 20
    assert denoised[SCRATCH].min() > 200  # nothing told it of the scratch
    left = np.abs(filled[:, :24] - 90).mean()
    assert left < 0.5 * np.abs(pixels_of(photo)[:, :24] - 90).mean()


def test_what_it_cannot_read_or_write(tmp_path: Path) -> None:
    photo, mask = files(tmp_path, np.full((48, 64, 3), 90, np.uint8))
    restore = open_alternative(None, 1)
    (tmp_path / "paint.jpg").write_text("paint")
    with pytest.raises(HeirloomError, match=r"can't read .*paint\.jpg"):
        restore(tmp_path / "paint.jpg", None, tmp_path / "b.png")
    with pytest.raises(HeirloomError, match=r"can't write \.xyz files"):
        restore(photo, None, tmp_path / "b.xyz")
    Image.new("L", (48, 64)).save(mask)
    with pytest.raises(HeirloomError, match="64x48 pixels, unlike Heirloom"):
        restore(photo, mask, tmp_path / "b.png")
