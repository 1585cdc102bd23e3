"""A photo to measure with where none is given: always the same for a size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image


def four_to_three(megapixels: float) -> tuple[int, int]:
    """Width and height of a photo of 4:3."""
    height = max(1, round((megapixels * 1e6 * 3 / 4) ** 0.5))
    return max(1, round(megapixels * 1e6 / height)), height


def write_test_photo(path: Path, size: tuple[int, int]) -> None:
    """Write a JPEG with gradients, texture, grain and a few scratches, always the same.

    ``size`` is width and height.
    """
    width, height = size
    rng = np.random.default_rng(0)
    pixels = np.empty((height, width, 3), np.uint8)
    across = np.arange(width, dtype=np.float32) / width
    grain = rng.normal(0, 8, (64, width + 64)).astype(np.float32)
    for top in range(0, height, 64):
        down = np.arange(top, min(top + 64, height), dtype=np.float32)[:, None] / height
        light = 120 + 50 * across - 40 * down + 25 * np.sin(40 * across + 9 * down) * np.sin(60 * down)
        shift = int(rng.integers(64))
        light += grain[: down.shape[0], shift : shift + width]
        for colour, gain in enumerate((1.05, 1.0, 0.85)):
            pixels[top : top + 64, :, colour] = np.clip(light * gain, 0, 255)
    thick = max(1, width // 800)
    for left, slope in zip(rng.random(6), rng.normal(0, 0.1, 6), strict=True):
        rows = np.arange(height)
        columns = np.clip((left * width + slope * rows).astype(int), 0, width - 1)
        for offset in range(thick):
            pixels[rows, np.minimum(columns + offset, width - 1)] = 240
    Image.fromarray(pixels).save(path, "JPEG", quality=92)
