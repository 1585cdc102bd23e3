"""A contact sheet: for every photo before, the damage mask, after, and a detail of both."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edge.files import written_beside
from edge.integers import ceil_div
from edge.photo.photo import read_photo
from edge.photo.writers.saving import save_image
from edge.restore.damage.mask import Damage
from edge.restore.faces.face import take
from edge.restore.options import Options
from edge.restore.restorer import Restorer
from edge.restore.tiles.cells import in_colour, shrink

SIDE = 360
"""Longest side of a picture on the sheet, in pixels; details are squares of it at full resolution."""
GAP = 8
DAMAGE_COLOUR = (255, 40, 40)

Pixels = NDArray[np.uint8]


def photo_row(
    restorer: Restorer, path: Path, options: Options | None = None, side: int = SIDE
) -> list[Pixels]:
    """Before, damage in red, after, and a detail before and after. Raises PhotoError."""
    photo = read_photo(path)
    before = eight_bit(photo.pixels)
    restored = restorer.restore(photo, options)
    after, marked = eight_bit(restored.photo.pixels), before.copy()
    if restored.damage is not None:
        marked[covered(restored.damage, before.shape)] = DAMAGE_COLOUR
    top, left = busiest(before, side)
    details = [picture[top : top + side, left : left + side] for picture in (before, after)]
    factor = ceil_div(max(before.shape[:2]), side)
    return [*(shrink(picture, factor) for picture in (before, marked, after)), *details]


def face_rows(restorer: Restorer, path: Path) -> list[list[Pixels]]:
    """For every face that is refined: the aligned face before, restored without refining, and refined.
    Raises PhotoError."""
    photo = read_photo(path)
    faces = restorer.find_faces(photo)
    pictures = [eight_bit(photo.pixels)]
    for mode in ("off", "auto"):
        again = read_photo(path)
        options = Options(faces="off") if mode == "off" else Options()
        pictures.append(eight_bit(restorer.restore(again, options).photo.pixels))
    return [[take(picture, face) for picture in pictures] for face in faces]


def eight_bit(pixels: NDArray[Any]) -> Pixels:
    """A copy as 8-bit RGB."""
    levels = pixels // 257 if pixels.dtype == np.uint16 else pixels
    return np.array(levels if levels.ndim == 3 else in_colour(levels), np.uint8)


def covered(found: Damage, shape: Sequence[int]) -> NDArray[np.bool_]:
    """The damage at full resolution, ``(H, W)``."""
    full = found.mask.repeat(found.factor, 0).repeat(found.factor, 1)
    return full[: shape[0], : shape[1]]


def busiest(picture: Pixels, side: int) -> tuple[int, int]:
    """Top and left of the square (of a raster at half its side) with the most contrast."""
    gray = picture.mean(2)
    tops = range(0, max(1, picture.shape[0] - side), side // 2)
    lefts = range(0, max(1, picture.shape[1] - side), side // 2)
    # Not the border: frames and captions would win.
    squares = [(top, left) for top in tops[1:] or tops for left in lefts[1:] or lefts]
    return max(squares, key=lambda at: gray[at[0] : at[0] + side, at[1] : at[1] + side].std())


def write_sheet(rows: Iterable[list[Pixels]], target: Path) -> None:
    """Write rows of pictures as a JPEG. Raises OSError."""
    bands = [_side_by_side(row) for row in rows]
    width = max(band.shape[1] for band in bands)
    gap = np.full((GAP, width, 3), 255, np.uint8)
    padded = [np.pad(b, ((0, 0), (0, width - b.shape[1]), (0, 0)), constant_values=255) for b in bands]
    sheet = np.concatenate([part for band in padded for part in (band, gap)])
    with written_beside(target) as out:
        save_image(Image.fromarray(sheet), out, "JPEG", quality=90)


def _side_by_side(row: list[Pixels]) -> Pixels:
    height = max(picture.shape[0] for picture in row)
    gap = np.full((height, GAP, 3), 255, np.uint8)
    padded = [np.pad(p, ((0, height - p.shape[0]), (0, 0), (0, 0)), constant_values=255) for p in row]
    return np.concatenate([part for picture in padded for part in (picture, gap)], axis=1)
