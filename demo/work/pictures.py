"""The pictures of a photo that a browser shows: any photo as a JPEG, its damage as a tint's shape."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edge.files import written_beside
from edge.photo.bands import Pixels
from edge.photo.writers.saving import save_image
from edge.restore.damage.mask import Damage
from edge.restore.tiles.cells import eight_bit

BEFORE, AFTER, THUMBNAIL, DAMAGE = "before.jpg", "after.jpg", "thumbnail.jpg", "damage.png"

LONGEST_SIDE = 4096
"""Pixels of a picture's longer side: photos of up to 16 megapixels are shown in their own pixels."""

THUMBNAIL_SIDE = 240

DAMAGE_SIDE = 2048
"""Pixels of the longer side of a picture of damage."""

QUALITY = 90


def write_before(pixels: Pixels, folder: Path) -> None:
    """Write a photo ``(H, W[, 3])`` as it was, beside the folders of its results, once for all of them."""
    if not (folder.parent / BEFORE).exists():
        _write_jpeg(pixels, folder.parent / BEFORE, LONGEST_SIDE)


def write_after(pixels: Pixels, damage: Damage | None, folder: Path) -> None:
    """Write a restored photo ``(H, W[, 3])``, its thumbnail, and the damage that was filled in it."""
    _write_jpeg(pixels, folder / AFTER, LONGEST_SIDE)
    _write_jpeg(pixels, folder / THUMBNAIL, THUMBNAIL_SIDE)
    if damage is not None:
        _write_damage(damage.mask, folder / DAMAGE)


def reduced(pixels: Pixels, side: int) -> Image.Image:
    """Pixels ``(H, W[, 3])`` in 8 bits, at most ``side`` high and wide."""
    image = Image.fromarray(eight_bit(pixels))
    image.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=3.0)
    return image


def any_of(mask: NDArray[np.bool_], height: int, width: int) -> NDArray[np.bool_]:
    """A mask ``(H, W)`` in another size ``(height, width)``: where any of the pixels is set that a new one
    covers."""
    rows, columns = (
        np.arange(new, dtype=np.int64) * old // new
        for new, old in zip((height, width), mask.shape, strict=True)
    )
    joined = np.logical_or.reduceat(np.logical_or.reduceat(mask, rows, axis=0), columns, axis=1)
    return np.asarray(joined, np.bool_)


def _write_jpeg(pixels: Pixels, path: Path, side: int) -> None:
    with written_beside(path) as out:
        save_image(reduced(pixels, side), out, "JPEG", quality=QUALITY)


def _write_damage(mask: NDArray[np.bool_], path: Path) -> None:
    scale = min(1.0, DAMAGE_SIDE / max(mask.shape))
    height, width = (max(1, round(side * scale)) for side in mask.shape)
    opaque = Image.fromarray(any_of(mask, height, width).astype(np.uint8) * 255)
    white = Image.new("L", opaque.size, 255)
    with written_beside(path) as out:
        save_image(Image.merge("LA", (white, opaque)), out, "PNG")
