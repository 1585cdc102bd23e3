"""OpenCV: damage inpainted by Telea's method, then non-local means against the grain.

The settings are those of OpenCV's tutorials, for neither function chooses its own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2

from edge.bench.alternative import Alternative
from edge.errors import HeirloomError

RADIUS = 3
"""Pixels around a damaged one that Telea's method looks at."""
STRENGTH = 10
TEMPLATE, SEARCH = 7, 21
"""Sides in pixels of the patches that are compared, and of the window they are looked for in."""


def open_alternative(weights: Path | None, threads: int) -> Alternative:
    """The function that restores a file with OpenCV on ``threads`` threads; it has no weights."""
    cv2.setNumThreads(threads)
    return _restore


def _restore(photo: Path, mask: Path | None, output: Path) -> None:
    """Read, inpaint, denoise and write a photo, in 8 bits. Raises HeirloomError."""
    pixels = _read(photo, cv2.IMREAD_ANYCOLOR)
    if mask is not None:
        damaged = _read(mask, cv2.IMREAD_GRAYSCALE)
        height, width = pixels.shape[:2]
        if damaged.shape != (height, width):
            raise HeirloomError(
                f"OpenCV reads {photo} as {width}x{height} pixels, unlike Heirloom: convert it to PNG."
            )
        pixels = cv2.inpaint(pixels, damaged, RADIUS, cv2.INPAINT_TELEA)
    if pixels.ndim == 2:
        pixels = cv2.fastNlMeansDenoising(pixels, None, STRENGTH, TEMPLATE, SEARCH)
    else:
        pixels = cv2.fastNlMeansDenoisingColored(pixels, None, STRENGTH, STRENGTH, TEMPLATE, SEARCH)
    try:
        written = cv2.imwrite(str(output), pixels)
    except cv2.error:  # no writer for this suffix
        written = False
    if not written:
        raise HeirloomError(f"OpenCV can't write {output.suffix} files: convert the photo to PNG first.")


def _read(path: Path, how: int) -> Any:
    pixels = cv2.imread(str(path), how)
    if pixels is None:
        raise HeirloomError(f"OpenCV can't read {path}: convert it to PNG or JPEG first.")
    return pixels
