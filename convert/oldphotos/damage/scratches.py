"""Scratches: straight ones from film and scanner, worn ones that wander, and strokes of a pen."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from convert.oldphotos.damage import drawing
from convert.oldphotos.damage.layers import Layer

STEPS = 40
"""Pieces of a worn scratch, each with an opacity of its own."""


def straight(rng: Generator, height: int, width: int) -> list[Layer]:
    """One to four thin straight scratches, half of them along the film."""
    drawn = drawing.canvas(height, width)
    for _ in range(rng.integers(1, 5)):
        upright = rng.random() < 0.5
        angle = math.pi / 2 + rng.normal(0, 0.05) if upright else rng.uniform(0, math.pi)
        half = drawing.towards(angle) * rng.uniform(0.1, 1) * max(height, width) / 2
        centre = drawing.anywhere(rng, height, width)
        wide = rng.uniform(0.5, 1.2) if rng.random() < 0.7 else rng.uniform(1.2, 2.2)
        drawing.line(drawn, centre - half, centre + half, wide, rng.uniform(0.4, 1))
    return [Layer(drawing.reduced(drawn), drawing.paint(rng, texture=0.02))]


def worn(rng: Generator, height: int, width: int) -> list[Layer]:
    """One to five scratches of 0.5 to 4 pixels that bend and kink, in places rubbed off."""
    drawn = drawing.canvas(height, width)
    for _ in range(rng.integers(1, 6)):
        points = _wandering(rng, height, width)
        wear = np.interp(np.linspace(0, 5, STEPS), np.arange(6), rng.uniform(0, 1, 6))
        opacities = np.clip(wear * rng.uniform(1, 6), 0, 1) * rng.uniform(0.35, 1)
        wide = 0.5 + 3.5 * rng.uniform(0, 1) ** 3
        for (start, end), opacity in zip(pairwise(points), opacities[1:], strict=True):
            drawing.line(drawn, start, end, wide, float(opacity))
    return [Layer(drawing.reduced(drawn), drawing.paint(rng))]


def strokes(rng: Generator, height: int, width: int) -> list[Layer]:
    """One to six curved strokes of even width, 1 to 8 pixels, and even colour: ink, tape, threads."""
    drawn = drawing.canvas(height, width)
    for _ in range(rng.integers(1, 7)):
        wide, opacity = 1 + 7 * rng.uniform(0, 1) ** 1.5, rng.uniform(0.5, 1)
        for start, end in pairwise(_wandering(rng, height, width)):
            drawing.line(drawn, start, end, wide, opacity)
    return [Layer(drawing.reduced(drawn), drawing.paint(rng, texture=0.02))]


def _wandering(rng: Generator, height: int, width: int) -> NDArray[np.float64]:
    """`STEPS` points of a line that bends and kinks, from none at all to a lot."""
    step = drawing.towards(rng.uniform(0, 2 * math.pi))
    length = rng.uniform(0.1, 1.2) * max(height, width)
    turns = np.repeat(rng.standard_normal(8), STEPS // 8)
    sway = np.cumsum(turns) * rng.uniform(0, 0.35) ** 2 * length / STEPS * 4
    places = np.linspace(-length / 2, length / 2, STEPS)
    aside = np.array((-step[1], step[0]))
    return np.asarray(drawing.anywhere(rng, height, width) + places[:, None] * step + sway[:, None] * aside)
