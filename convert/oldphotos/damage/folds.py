"""Folds across the whole print: a broken bright core, one side in the light and the other in shadow."""

from __future__ import annotations

import math

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from convert.oldphotos.damage import drawing
from convert.oldphotos.damage.drawing import Point
from convert.oldphotos.damage.layers import BLACK, WHITE, Cover, Layer


def draw(rng: Generator, height: int, width: int) -> list[Layer]:
    """One fold, mostly parallel to a side; its core is 0.3 to 5 pixels wide and broken."""
    parallel = rng.random() < 0.6
    angle = rng.integers(2) * math.pi / 2 + rng.normal(0, 0.1) if parallel else rng.uniform(0, math.pi)
    centre = np.array((rng.uniform(0.1, 0.9) * width, rng.uniform(0.1, 0.9) * height))
    along = drawing.towards(angle)
    across = np.array((-along[1], along[0]))
    layers = []
    if rng.random() < 0.75:
        rows, columns = drawing.grid(height, width)
        away = (columns - centre[0]) * across[0] + (rows - centre[1]) * across[1]
        for side, paint, most in ((1, BLACK, 0.5), (-1, WHITE, 0.3)):
            if side > 0 or rng.random() < 0.5:
                layers.append(Layer(_shade(rng, away * side, most), paint))
    core = _core(rng, height, width, centre, along, across)
    return [*layers, Layer(drawing.faint(core, rng.uniform(0.4, 1)), drawing.paint(rng, 0.85))]


def _shade(rng: Generator, away: NDArray[np.floating], most: float) -> Cover:
    """Dies away from the fold on the side where ``away`` is positive, within 2 to 8 pixels."""
    reach = rng.uniform(2, 8)
    near = np.exp(-np.abs(away) / reach) * (away > 0) * rng.uniform(0.05, most)
    return drawing.whole(near)


def _core(rng: Generator, height: int, width: int, centre: Point, along: Point, across: Point) -> Cover:
    """The broken line of bare paper where the emulsion has come off."""
    drawn = drawing.canvas(height, width)
    length = math.hypot(height, width)
    steps = np.arange(-length, length, rng.uniform(2, 6))
    sway = np.cumsum(rng.normal(0, 0.35, len(steps)))
    sway -= np.linspace(sway[0], sway[-1], len(steps))
    points = centre + steps[:, None] * along + sway[:, None] * across
    inside = np.all((points > -10) & (points < (width + 10, height + 10)), axis=1)
    uneven = np.convolve(rng.uniform(0, 1.6, len(steps)), np.ones(3) / 3, "same")
    widths = rng.uniform(0.6, 3.5) * np.clip(uneven - rng.uniform(0, 0.6), 0, 2)
    for index in np.flatnonzero(inside[:-1]):
        if widths[index] > 0.15:
            ends = points[index], points[index + 1]
            drawing.line(drawn, *ends, float(widths[index]), rng.uniform(0.5, 1))
    return drawing.reduced(drawn)
