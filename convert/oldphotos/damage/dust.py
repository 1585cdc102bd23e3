"""What lies on the print or the glass: specks of dust, and hairs."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
from numpy.random import Generator

from convert.oldphotos.damage import drawing
from convert.oldphotos.damage.layers import Layer


def specks(rng: Generator, height: int, width: int) -> list[Layer]:
    """3 to 60 specks of 0.5 to 3 pixels' radius for each 192x192 pixels, most of them small."""
    drawn = drawing.canvas(height, width)
    share = height * width / 192**2
    for _ in range(max(1, round(share * rng.uniform(1.7, 7.8) ** 2))):
        radius = 0.5 + 2.5 * rng.uniform(0, 1) ** 3
        radii = radius, radius * rng.uniform(0.4, 1)
        opacity = rng.uniform(0.4, 1)
        drawing.spot(drawn, drawing.anywhere(rng, height, width), radii, rng.uniform(0, 180), opacity)
    return [Layer(drawing.reduced(drawn), drawing.paint(rng))]


def hairs(rng: Generator, height: int, width: int) -> list[Layer]:
    """One to three fibres of 0.5 to 1.8 pixels' width, 20 to 150 long, that curl."""
    drawn = drawing.canvas(height, width)
    for _ in range(rng.integers(1, 4)):
        length = rng.uniform(20, 150)
        places = np.linspace(0, 1, 24)
        sway = rng.uniform(0, 1.2) * np.sin(places * rng.uniform(2, 12) + rng.uniform(0, 6))
        angles = rng.uniform(0, 2 * math.pi) + places * rng.normal(0, 2.5) + sway
        moves = np.stack((np.cos(angles), np.sin(angles)), 1) * length / len(places)
        points = drawing.anywhere(rng, height, width) + np.cumsum(moves, 0)
        wide, opacity = rng.uniform(0.5, 1.8), rng.uniform(0.5, 1)
        tapers = np.sqrt(np.minimum(1, 6 * np.minimum(places, 1 - places) + 0.1))
        for (start, end), taper in zip(pairwise(points), tapers[1:], strict=True):
            drawing.line(drawn, start, end, wide * float(taper), opacity)
    return [Layer(drawing.reduced(drawn), drawing.paint(rng, 0.5))]
