"""The worker that draws pictures for the screen, run by ``python -P -m edge.kiosk.pictures.drawing``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from PIL import Image

from edge.errors import UnsupportedPhoto
from edge.files import written_beside
from edge.photo.photo import read_photo
from edge.photo.writers.saving import save_image
from edge.workers.serving import Perform, Reporter, serve

QUALITY = 88
MASK_THRESHOLD = 128


class Setup(msgspec.Struct, frozen=True):
    """The worker's setup."""

    max_pixels: int


class Shrink(msgspec.Struct, frozen=True, tag="shrink"):
    """Draw a photo, upright, as a JPEG whose longest side is ``side`` at most. Answered by `Size`."""

    source: Path
    target: Path
    side: int


class FitMask(msgspec.Struct, frozen=True, tag="mask"):
    """Bring a painted mask, a PNG of any size, to the size of its photo. Answered by None."""

    source: Path
    target: Path
    width: int
    height: int


class Size(msgspec.Struct, frozen=True):
    """Of a photo in pixels, upright."""

    width: int
    height: int


Task = Shrink | FitMask


def opened(setup: Setup) -> Perform:
    """Draws pictures."""

    def perform(task: Task, reporter: Reporter) -> Any:
        match task:
            case Shrink():
                return _shrink(task, setup.max_pixels)
            case FitMask():
                _fit(task, setup.max_pixels)
        return None

    return perform


def _shrink(task: Shrink, max_pixels: int) -> Size:
    photo = read_photo(task.source, max_pixels)
    pixels = photo.pixels
    height, width = pixels.shape[:2]
    eight_bit = pixels if pixels.dtype == np.uint8 else (pixels >> 8).astype(np.uint8)
    image = Image.fromarray(eight_bit)
    image.thumbnail((task.side, task.side), Image.Resampling.LANCZOS, reducing_gap=3.0)
    with written_beside(task.target) as out:
        save_image(image, out, "JPEG", quality=QUALITY)
    return Size(width, height)


def _fit(task: FitMask, max_pixels: int) -> None:
    pixels = read_photo(task.source, max_pixels).pixels
    if pixels.dtype != np.uint8:
        raise UnsupportedPhoto("The mask has more than 8 bits; paint it again.")
    levels = Image.fromarray(pixels if pixels.ndim == 2 else pixels[..., 0])
    fitted = levels.resize((task.width, task.height), Image.Resampling.BILINEAR)
    mask = fitted.point(lambda level: 255 if level >= MASK_THRESHOLD else 0)
    with written_beside(task.target) as out:
        save_image(mask, out, "PNG")


if __name__ == "__main__":
    serve(Setup, Task, opened)
