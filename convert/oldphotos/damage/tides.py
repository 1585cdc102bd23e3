"""Tide marks: where water stood and dried, a brown line that fades inwards."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from convert.oldphotos.damage import drawing
from convert.oldphotos.damage.layers import Layer, Paint


def draw(rng: Generator, height: int, width: int) -> list[Layer]:
    """One mark: its line is 1 to 5 pixels wide, and sharp on the outer side."""
    field = drawing.ragged(rng, height, width, (3, 7, 21), 0.35)
    inward = field - np.quantile(field[::2, ::2], rng.uniform(0.4, 0.9))
    steepness = float(np.abs(np.diff(field, axis=1)).mean()) + 1e-6
    inward = inward / steepness
    line = np.exp(-np.maximum(inward, 0) / rng.uniform(1, 5))
    line *= np.clip(1 + inward / rng.uniform(0.7, 2), 0, 1)
    flooded = np.clip(inward, 0, 1) * rng.uniform(0, 0.12)
    brown = rng.uniform(0.15, 0.5)
    colour = (brown, brown * rng.uniform(0.6, 0.9), brown * rng.uniform(0.2, 0.6))
    cover = drawing.whole(line * rng.uniform(0.25, 0.8) + flooded)
    return [Layer(cover, Paint(colour, rng.uniform(0, 0.04)))]
