"""What the kinds of damage are drawn with: fine canvases, ragged fields and the paints of old prints."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray

from convert.oldphotos.damage.layers import Cover, Paint

# OpenCV's threads don't survive the fork into a data loader's worker, and there every core is busy anyway.
cv2.setNumThreads(0)

FINE = 2
"""A canvas has so many pixels for each of the picture's along a side: cracks are thinner than a pixel."""
SHIFT = 3
"""Bits of a coordinate behind the point."""
BRIGHT = 0.75
"""Of the paints so many are light as paper; the others are dark as dirt, ink and silver."""

Point = NDArray[np.float64]
"""x and y, in pixels of the picture."""


def numbers_of(rng: torch.Generator) -> Generator:
    """NumPy's random numbers, seeded by the next one of ``rng``."""
    return np.random.default_rng(int(torch.randint(2**62, (), generator=rng, device=rng.device)))


def canvas(height: int, width: int) -> Cover:
    """An empty canvas for a picture of this size, to be drawn on and then `reduced`."""
    return np.zeros((height * FINE, width * FINE), np.uint8)


def line(drawn: Cover, start: Point, end: Point, width: float, opacity: float) -> None:
    """An antialiased line of ``width`` pixels of the picture on a canvas; thinner than half a pixel it
    becomes fainter instead."""
    thick = max(1, round(width * FINE))
    level = opacity * 255 * min(1.0, width * FINE)
    cv2.line(drawn, _fixed(start), _fixed(end), level, thick, cv2.LINE_AA, SHIFT)


def spot(drawn: Cover, centre: Point, radii: tuple[float, float], angle: float, opacity: float) -> None:
    """A filled ellipse on a canvas; radii in pixels of the picture, angle in degrees."""
    axes = (max(1, round(radii[0] * FINE * 8)), max(1, round(radii[1] * FINE * 8)))
    cv2.ellipse(drawn, _fixed(centre), axes, angle, 0, 360, opacity * 255, -1, cv2.LINE_AA, SHIFT)


def reduced(drawn: Cover) -> Cover:
    """A canvas in the picture's own size."""
    height, width = drawn.shape
    small = cv2.resize(drawn, (width // FINE, height // FINE), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)


def whole(opacity: NDArray[np.floating]) -> Cover:
    """Opacities in 0..1, clipped, as a cover."""
    return np.asarray(np.clip(opacity * 255, 0, 255), np.uint8)


def faint(cover: Cover, opacity: float) -> Cover:
    """A cover times ``opacity``."""
    return np.asarray(cv2.convertScaleAbs(cover, alpha=opacity), np.uint8)


def ragged(
    rng: Generator, height: int, width: int, cells: tuple[int, ...], fall: float = 0.6
) -> NDArray[np.float32]:
    """Smooth noise in 0..1: bumps of several sizes, ``cells`` to a side, each size ``fall`` times lower."""
    field = np.zeros((height, width), np.float32)
    for octave, count in enumerate(cells):
        bumps = rng.standard_normal((count, count), np.float32)
        field += fall**octave * cv2.resize(bumps, (width, height), interpolation=cv2.INTER_CUBIC)
    field -= field.min()
    return np.asarray(field / (field.max() + 1e-6), np.float32)


def grid(height: int, width: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Row ``(H, 1)`` and column ``(1, W)`` of every pixel."""
    return np.arange(height, dtype=np.float32)[:, None], np.arange(width, dtype=np.float32)[None]


def paint(rng: Generator, bright: float = BRIGHT, texture: float = 0.05) -> Paint:
    """Light as paper with the probability ``bright``, else dark; textured by up to ``texture``."""
    strength = rng.uniform(0, texture)
    if rng.random() < bright:
        light = rng.uniform(0.65, 1)
        yellow = rng.uniform(0, 1) ** 2
        return Paint((light, light * (1 - 0.08 * yellow), light * (1 - 0.4 * yellow)), strength)
    dark = rng.uniform(0, 0.35)
    return Paint((dark + rng.uniform(0, 0.08), dark + rng.uniform(0, 0.04), dark), strength)


def anywhere(rng: Generator, height: int, width: int) -> Point:
    """A point of the picture."""
    return np.array((rng.uniform(0, width), rng.uniform(0, height)))


def towards(angle: float) -> Point:
    """The unit vector at ``angle``."""
    return np.array((np.cos(angle), np.sin(angle)))


def _fixed(point: Point) -> tuple[int, int]:
    x, y = point * FINE * 2**SHIFT
    return int(x), int(y)
