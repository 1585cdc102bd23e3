"""The mount: an album page, a print's white border or a scanner's lid around the picture, in one colour.

It is found by exact integers on the photo shrunk to `LARGEST_SIDE`: a border of one colour on at least
three sides, at whose inner edge nearly all pixels stop having that colour at once. So a sky, a studio's
background or a vignette is none, and writing on the mount is no picture. The edges are then placed in the
photo's own pixels. A border may lie in another one, as a print on a page.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.integers import ceil_div
from edge.photo.bands import Pixels
from edge.restore.tiles.cells import eight_bit, in_colour, shrink
from edge.restore.tiles.tiling import Box

LARGEST_SIDE = 1024
"""Longer side in pixels of the picture that is searched."""

MAX_BORDERS = 3
"""Borders within each other: a scanner's lid, a page and a print's own border."""

SMALLEST_SIDE = 32
"""Shorter side in pixels of the smallest picture with a mount."""

MAX_SPREAD = 16
"""Levels by which three fifths of the outermost pixels may differ from their median colour."""

TOLERANCES = (10, 32)
"""The least and the most levels by which the mount's pixels may differ from its colour; in between, as many
as its grain and unevenness ask for."""

MIN_SIDES = 3
"""Sides with a border. Of 913 photographs 7 have one by this rule and 6 by four sides, of 279 old ones 19
and 16: all of them frames, pages or mounts."""


@dataclass(frozen=True)
class Border:
    """A border of one colour: its pixels lie outside ``inside``."""

    colour: NDArray[np.int16]
    """Red, green and blue in 8 bits."""
    tolerance: int
    inside: Box

    def strange(self, pixels: Pixels) -> NDArray[np.bool_]:
        """Which pixels ``(h, w[, 3])`` are not of the border's colour: ``(h, w)``."""
        levels = in_colour(eight_bit(pixels)).astype(np.int16)
        return np.asarray(np.abs(levels - self.colour).max(2) > self.tolerance)


def find_picture(pixels: Pixels) -> Box | None:
    """The picture within a photo's mount, in pixels; None where there is no mount.

    Args:
        pixels: The photo ``(H, W[, 3])``; it is not changed. A few rows and columns are copied at a time.
    """
    factor = ceil_div(max(pixels.shape[:2]), LARGEST_SIDE)
    small = shrink(pixels, factor)
    seen, exact = Box(0, 0, *small.shape[:2]), Box(0, 0, *pixels.shape[:2])
    found = False
    for _ in range(MAX_BORDERS):
        border = find_border(small[seen.top : seen.bottom, seen.left : seen.right])
        if border is None:
            break
        found, inside = True, border.inside.moved(seen.top, seen.left)
        exact = _placed(pixels, Border(border.colour, border.tolerance, inside), seen, exact, factor)
        seen = inside
    return exact if found else None


def find_border(picture: NDArray[np.uint8]) -> Border | None:
    """The outermost border of ``picture`` ``(h, w, 3)``; None if it has none."""
    height, width = picture.shape[:2]
    least = min(height, width)
    if least < SMALLEST_SIDE:
        return None
    rim = max(1, least // 128)
    strips = picture[:rim], picture[-rim:], picture[:, :rim], picture[:, -rim:]
    outermost = np.concatenate([strip.reshape(-1, 3) for strip in strips]).astype(np.int16)
    colour = np.sort(outermost, axis=0)[len(outermost) // 2]
    spread = int(np.sort(np.abs(outermost - colour).max(1))[len(outermost) * 3 // 5])
    if spread > MAX_SPREAD:
        return None
    low, high = TOLERANCES
    border = Border(colour, min(high, max(low, 2 * spread + 6)), Box(0, 0, height, width))
    strange = border.strange(picture)
    inside = _span(strange, max(1, least // 100))
    if inside is None:
        return None
    thick = max(2, least // 100)
    sides = inside.top, height - inside.bottom, inside.left, width - inside.right
    has = [side >= thick for side in sides]
    if sum(has) < MIN_SIDES:
        return None
    inside = Box(
        inside.top if has[0] else 0,
        inside.left if has[2] else 0,
        inside.bottom if has[1] else height,
        inside.right if has[3] else width,
    )
    if 5 * inside.rows < height or 5 * inside.columns < width:
        return None
    upright, lying = _sharp(strange, inside, has[:2]), _sharp(strange.T, _turned(inside), has[2:])
    return Border(colour, border.tolerance, inside) if upright and lying else None


def _span(strange: NDArray[np.bool_], gap: int) -> Box | None:
    """The rows and columns that hold at least half as many strange pixels as the fullest one does."""
    box = Box(0, 0, *strange.shape)
    # Once more as soon as the border's own rows and columns are left out.
    for _ in range(3):
        rows = strange[:, box.left : box.right].sum(1)
        if not rows.any():
            return None
        top, bottom = _first(rows, gap), len(rows) - _first(rows[::-1], gap)
        columns = strange[max(0, top) : bottom].sum(0)
        if top >= bottom or not columns.any():
            return None
        left, right = _first(columns, gap), len(columns) - _first(columns[::-1], gap)
        if left >= right:
            return None
        box = Box(top, left, bottom, right)
    return box


def _first(counts: NDArray[np.intp], gap: int) -> int:
    """The first line of the picture, from the strange pixels in each: what more than ``gap`` empty lines
    part from the picture, within a fifth of the whole, is writing on the mount."""
    most = int(counts.max())
    full = np.nonzero(2 * counts >= most)[0]
    start = int(full[0])
    empty = 0
    for line in range(start, min(len(counts), start + len(counts) // 5)):
        if 10 * counts[line] <= most:
            empty += 1
            continue
        if empty > gap:
            later = full[full >= line]
            start = int(later[0]) if later.size else start
        empty = 0
    return start


def _turned(box: Box) -> Box:
    return Box(box.left, box.top, box.right, box.bottom)


def _sharp(strange: NDArray[np.bool_], inside: Box, sides: list[bool]) -> bool:
    """Whether the border ends at the top and at the bottom of ``inside``, as far as it has these ``sides``:
    a line just within must be strange in half of its pixels, one just without in no more than a fifth, and
    the whole side in no more than a quarter."""
    height, width = strange.shape
    slack = max(1, min(height, width) // 100)
    columns = slice(inside.left, inside.right)
    checks = (
        (slice(0, inside.top), inside.top + slack, inside.top - 1 - slack),
        (slice(inside.bottom, height), inside.bottom - 1 - slack, inside.bottom + slack),
    )
    for has, (strip, within, without) in zip(sides, checks, strict=True):
        if not has:
            continue
        within = min(max(within, inside.top), inside.bottom - 1)
        without = min(max(without, 0), height - 1)
        side = strange[strip, columns]
        if (
            2 * int(strange[within, columns].sum()) < inside.columns
            or 5 * int(strange[without, columns].sum()) > inside.columns
            or 4 * int(side.sum()) > side.size
        ):
            return False
    return True


def _placed(pixels: Pixels, border: Border, seen: Box, exact: Box, factor: int) -> Box:
    """The border's inner edges in the photo's own pixels: the outermost lines that hold at least half as
    many strange pixels as the fullest one near them.

    Args:
        pixels: The photo.
        border: The border, in the pixels of the photo shrunk by ``factor``.
        seen: Where it was looked for, in these.
        exact: The same in the photo's pixels: kept on the sides without a border.
        factor: A whole number.
    """
    inside = border.inside
    if factor == 1:
        return inside
    height, width = pixels.shape[:2]
    whole = inside.scaled(factor)
    rows, columns = slice(whole.top, min(height, whole.bottom)), slice(whole.left, min(width, whole.right))

    def edges(first: int, last: int, axis: int) -> list[int]:
        places = []
        for edge, step in ((first, 1), (last, -1)):
            low, high = sorted(((edge - step) * factor, (edge + 2 * step) * factor))
            low, high = max(0, low), min(pixels.shape[axis], high)
            near = pixels[low:high, columns] if axis == 0 else pixels[rows, low:high]
            counts = border.strange(near).sum(1 - axis)
            full = low + np.nonzero(2 * counts >= max(1, counts.max()))[0]
            places.append(int(full[0] if step > 0 else full[-1] + 1) if full.size else edge * factor)
        return places

    top, bottom = edges(inside.top, inside.bottom, 0)
    left, right = edges(inside.left, inside.right, 1)
    return Box(
        top if inside.top > seen.top else exact.top,
        left if inside.left > seen.left else exact.left,
        bottom if inside.bottom < seen.bottom else exact.bottom,
        right if inside.right < seen.right else exact.right,
    )
