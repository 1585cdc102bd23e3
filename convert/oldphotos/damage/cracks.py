"""Branching cracks: the emulsion or the paper has broken along wandering, forking, tapering lines."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from convert.oldphotos.damage import drawing
from convert.oldphotos.damage.drawing import Point
from convert.oldphotos.damage.layers import BLACK, WHITE, Cover, Layer

SEGMENTS = 600
"""At most so many to a picture."""
FORKS = 0.018
"""The highest probability that a crack forks within a pixel of its length."""


@dataclass
class _Branch:
    """A crack as it is drawn: where it has come to, its direction, its width at the start, how long it
    will be and how much of that is left, in pixels, and of which crack's fork it is a fork."""

    place: Point
    angle: float
    width: float
    length: float
    left: float
    depth: int = 0


def draw(rng: Generator, height: int, width: int) -> list[Layer]:
    """One to fifteen cracks, 0.5 to 3.2 pixels wide, that mostly throw a shadow or catch light."""
    core, beside = drawing.canvas(height, width), drawing.canvas(height, width)
    few = rng.random() < 0.6
    todo = [_first(rng, height, width) for _ in range(rng.integers(1, 5) if few else rng.integers(5, 16))]
    left = SEGMENTS
    while todo and left > 0:
        left = _grow(rng, todo, core, beside, left)
    layers = []
    paint = drawing.paint(rng)
    if rng.random() < 0.7:
        shaded = paint.colour[0] > 0.5 or rng.random() < 0.7
        cover = drawing.faint(drawing.reduced(beside), rng.uniform(0.05, 0.45))
        layers.append(Layer(cover, BLACK if shaded else WHITE))
    return [*layers, Layer(drawing.faint(drawing.reduced(core), 1 - 0.55 * rng.uniform(0, 1) ** 2), paint)]


def _first(rng: Generator, height: int, width: int) -> _Branch:
    """Where a crack begins: anywhere, or at a border."""
    start = drawing.anywhere(rng, height, width)
    if rng.random() < 0.4:
        side = rng.integers(2)
        start[side] = rng.integers(2) * (width, height)[side]
    length = rng.uniform(0.15, 1.1) * max(height, width)
    return _Branch(start, rng.uniform(0, 2 * math.pi), rng.uniform(0.5, 3.2), length, length)


def _grow(rng: Generator, todo: list[_Branch], core: Cover, beside: Cover, left: int) -> int:
    """Draw the last crack of ``todo``, add its forks there; returns the segments that are left."""
    branch = todo.pop()
    # Many real cracks run nearly straight over a face or a sky, and are ragged only at the pixel.
    wander, step, bend = 0.02 + 0.48 * rng.uniform(0, 1) ** 2, rng.uniform(2, 10), 0.0
    worn, kinks = rng.uniform(0.02, 0.25), rng.uniform(0, 0.1)
    forks = rng.uniform(0, FORKS) * step
    while branch.left > 0 and left > 0:
        bend = 0.7 * bend + rng.normal(0, wander / 2)
        kink = rng.normal(0, 0.6) if rng.random() < kinks else 0.0
        branch.angle += 0.4 * bend + kink
        # It thins out over its last third.
        width = branch.width * min(1.0, math.sqrt(3 * branch.left / branch.length))
        end = branch.place + drawing.towards(branch.angle) * step
        jag = rng.normal(0, 0.25 * width, 2)
        wide = width * rng.uniform(0.4, 1.5)
        if rng.random() >= worn:
            drawing.line(core, branch.place, end + jag, wide, rng.uniform(0.45, 1))
        aside = np.array((-math.sin(branch.angle), math.cos(branch.angle))) * (width * 0.7 + 0.6)
        drawing.line(beside, branch.place + aside, end + aside + jag, wide, 1)
        if rng.random() < 0.02 and width > 1:
            radius = width * rng.uniform(0.8, 3)
            drawing.spot(core, end, (radius, radius * rng.uniform(0.4, 1)), rng.uniform(0, 180), 1)
        if rng.random() < forks and branch.depth < 3:
            turn = branch.angle + rng.choice((-1, 1)) * rng.uniform(0.4, 1.5)
            length = branch.left * rng.uniform(0.2, 0.8)
            thinner = width * rng.uniform(0.5, 0.95)
            todo.append(_Branch(end + jag, turn, thinner, length, length, branch.depth + 1))
        branch.place, branch.left = end + jag, branch.left - step
        left -= 1
    return left
