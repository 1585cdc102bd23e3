"""Damage detection: the detector runs over an image pyramid, and its merged probabilities become a mask.

A crack of three pixels is visible at full size, a torn corner only where the whole photo fits into the
receptive field; so the probabilities of all sizes are merged by their maximum. False positives cost more
than misses: thick regions count only where they look like bare paper, and inside faces only thin cracks do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from edge.bundle.manifest import Detection
from edge.integers import ceil_div
from edge.restore.damage.regions import find_regions
from edge.restore.hue import lightness
from edge.restore.passes import area_of, part_tiles, windows
from edge.restore.tiles.ahead import ahead
from edge.restore.tiles.cells import shrink, to_pixels
from edge.restore.tiles.parts import LoadedPart

FaceArea = tuple[int, int, int, int]
"""Left, top, width and height in pixels; may reach beyond the picture."""


def damage_levels(
    part: LoadedPart,
    picture: NDArray[np.uint8],
    rule: Detection,
    on_progress: Callable[[], None] = lambda: None,
) -> NDArray[np.uint8]:
    """The probability of damage at each pixel, ``(h, w)`` in levels of 0..255.

    Args:
        part: The detector.
        picture: ``(h, w, 3)``; the detector runs on it and its halves down to the rule's smallest side.
        rule: The bundle's detection rule.
        on_progress: Called after each tile.
    """
    levels = np.zeros(picture.shape[:2], np.uint8)
    shape = (picture.shape[0], picture.shape[1])
    for halvings, _ in enumerate(_sizes(shape, rule)):
        if halvings:
            picture = shrink(picture, 2)
        _merge(part, picture, levels, 2**halvings, on_progress)
    return levels


def detection_cost(part: LoadedPart, shape: tuple[int, int], rule: Detection) -> int:
    """Multiply-accumulates of :func:`damage_levels` for a picture of ``shape`` (height and width)."""
    areas = [area_of(size, part.part.stride) for size in _sizes(shape, rule)]
    return sum(part.cost(reads) for area in areas for _, reads in part.cover(area))


def _sizes(shape: tuple[int, int], rule: Detection) -> Iterator[tuple[int, int]]:
    """Height and width of a picture, and of the halves on which the detector runs."""
    yield shape
    while max(shape) // 2 >= rule.smallest_side:
        shape = ceil_div(shape[0], 2), ceil_div(shape[1], 2)
        yield shape


def _merge(
    part: LoadedPart,
    picture: NDArray[np.uint8],
    levels: NDArray[np.uint8],
    factor: int,
    on_progress: Callable[[], None],
) -> None:
    """Raise ``levels`` to the probabilities in ``picture``, which is ``factor`` times smaller."""
    stride = part.part.stride
    with ahead(windows(part, picture)) as coming, ahead(part_tiles(part, coming)) as tiles:
        for keep, cells in tiles:
            probability = to_pixels(cells, stride)[..., 0]
            found = np.clip(probability * 256, 0, 255).astype(np.uint8)
            box = keep.scaled(stride * factor)
            target = levels[box.top : box.bottom, box.left : box.right]
            if factor > 1:
                found = found.repeat(factor, axis=0).repeat(factor, axis=1)
            np.maximum(target, found[: target.shape[0], : target.shape[1]], out=target)
            on_progress()


def damage_mask(
    levels: NDArray[np.uint8],
    picture: NDArray[np.uint8],
    find_faces: Callable[[], Sequence[FaceArea]],
    rule: Detection,
) -> NDArray[np.bool_]:
    """The damage mask ``(h, w)`` from the merged ``levels`` of ``picture`` ``(h, w, 3)``.

    Its faces are looked for only if anything may count.
    """
    mask = _hysteresis(levels, rule.high, rule.low, rule.large)
    _drop_thick(mask, levels, picture, rule)
    if np.count_nonzero(mask) * rule.thin_from >= max(1, mask.size):
        # Where much is surely damaged, what is likely is damage more often than not.
        thin = _hysteresis(levels, rule.thin_high, rule.thin_low)
        thin &= ~opened(thin, _side(thin, rule.thin))
        mask |= thin
    if not mask.any():
        return mask
    # Faces may overlap: each is judged on the mask as it is now, so that their order doesn't matter.
    faces = find_faces()
    before = mask.copy() if faces else mask
    for left, top, width, height in faces:
        rows, columns = slice(max(0, top), max(0, top + height)), slice(max(0, left), max(0, left + width))
        mask[rows, columns] &= ~opened(before[rows, columns], max(1, width // rule.face_thick))
    return grown(mask, rule.grow)


def _hysteresis(levels: NDArray[np.uint8], high: int, low: int, large: int = 0) -> NDArray[np.bool_]:
    """The regions of at least ``low`` that reach ``high`` somewhere, or hold one pixel in ``large``."""
    regions = find_regions(levels >= low)
    return regions.mask((regions.maxima(levels) >= high) | (regions.areas() * large >= max(1, levels.size)))


def _side(mask: NDArray[np.bool_], part: int) -> int:
    """The side of the square that fits into what is thick: the shorter side of ``mask`` by ``part``."""
    return max(2, int(min(mask.shape)) // part)


def scaled_area(area: FaceArea, factor: int) -> FaceArea:
    """The area in a picture ``factor`` times smaller."""
    left, top, width, height = (length // factor for length in area)
    return left, top, width, height


def _drop_thick(
    mask: NDArray[np.bool_], levels: NDArray[np.uint8], picture: NDArray[np.uint8], rule: Detection
) -> None:
    """Clear the thick parts of ``mask`` with a low mean probability or without flat lightness, in place."""
    thick = find_regions(opened(mask, _side(mask, rule.thick)))
    if not thick.count:
        return
    areas = thick.areas()
    sure = thick.sums(levels) >= rule.thick_mean * areas
    # In bands, so that the wider integers of the sums stay small.
    light = np.concatenate([lightness(picture[top : top + 64]) for top in range(0, len(picture), 64)])
    # Mean and variance in 256ths and their squares: integers, so that every platform decides alike.
    means = 256 * thick.sums(light) // areas
    variances = 65536 * thick.sums(light, power=2) // areas - means**2
    flat = variances <= (256 * rule.thick_spread) ** 2
    mask &= ~thick.mask(~(sure & flat))


def opened(mask: NDArray[np.bool_], side: int) -> NDArray[np.bool_]:
    """The parts of ``mask`` into which a square of ``side`` pixels fits (morphological opening)."""
    fits = mask.copy()
    for axis in (0, 1):
        _window(fits, side, axis, np.logical_and)
        np.moveaxis(fits, axis, 0)[max(0, mask.shape[axis] - side + 1) :] = False
    for axis in (0, 1):
        _window(fits[::-1, ::-1], side, axis, np.logical_or)
    return fits


def grown(mask: NDArray[np.bool_], pixels: int) -> NDArray[np.bool_]:
    """``mask`` and the ``pixels`` around it, corners included."""
    for _ in range(pixels):
        for axis in (0, 1):
            wider = mask.copy()
            lines, target = np.moveaxis(mask, axis, 0), np.moveaxis(wider, axis, 0)
            target[1:] |= lines[:-1]
            target[:-1] |= lines[1:]
            mask = wider
    return mask


def _window(mask: NDArray[np.bool_], side: int, axis: int, ufunc: np.ufunc) -> None:
    """``ufunc`` over each pixel and the ``side - 1`` after it along an axis, in place; the last pixels have
    fewer after them."""
    lines, done = np.moveaxis(mask, axis, 0), 1
    while done < min(side, len(lines)):
        # Twice as far each time, and at last as far as is missing.
        step = min(done, side - done)
        ufunc(lines[:-step], lines[step:], out=lines[:-step])
        done += step
