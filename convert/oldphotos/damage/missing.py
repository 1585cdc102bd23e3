"""What has gone from the print: torn corners, frayed edges, holes, patches and flakes of emulsion."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from convert.oldphotos.damage import drawing
from convert.oldphotos.damage.layers import BLACK, Layer, Paint

BLACK_LID, LID = 0.4, (0.0, 0.12)
"""Share of the gaps in the paper behind which the scanner is black, and how light that is. While black
was drawn as any dark paint, the detector found 1.5 in 100 pixels of plain black edges, 22 of white ones."""


def torn(rng: Generator, height: int, width: int) -> list[Layer]:
    """A torn corner, a frayed edge or a hole, half of them with a pale rim where the paper has split."""
    rows, columns = drawing.grid(height, width)
    side = min(height, width)
    which = rng.random()
    if which < 0.35:
        away, reach = _corner(rng, rows, columns), rng.uniform(0.05, 0.4) * side
    elif which < 0.75:
        away, reach = _edges(rng, rows, columns), rng.uniform(0.005, 0.1) * side
    else:
        y, x = rng.uniform(0, height), rng.uniform(0, width)
        away = np.hypot((columns - x) * rng.uniform(0.6, 1.6), (rows - y) * rng.uniform(0.6, 1.6))
        reach = rng.uniform(0.02, 0.14) * side
    rough = (drawing.ragged(rng, height, width, (6, 14, 40)) - 0.5) * rng.uniform(0.02, 0.12) * side
    depth = reach - away + rough
    softness = rng.uniform(0.6, 2.5)
    gone = Layer(drawing.whole(depth / softness + 0.5), _behind(rng))
    if rng.random() < 0.5:
        return [gone]
    frayed = depth + rng.uniform(0.5, 5) * drawing.ragged(rng, height, width, (9, 30))
    return [Layer(drawing.whole(frayed / softness + 0.5), drawing.paint(rng, 1.0)), gone]


def _behind(rng: Generator) -> Paint:
    """What shows through a gap in the paper."""
    if rng.random() < BLACK_LID:
        black = rng.uniform(*LID)
        return Paint((black, black, black), rng.uniform(0, 0.02))
    return drawing.paint(rng)


def _corner(rng: Generator, rows: NDArray[np.float32], columns: NDArray[np.float32]) -> NDArray[np.float32]:
    """How far each pixel is from a corner, along a slanting line."""
    y, x = rng.integers(2) * len(rows), rng.integers(2) * columns.shape[1]
    slant = rng.uniform(0.5, 2)
    return np.asarray(np.abs(columns - x) * slant + np.abs(rows - y) / slant, np.float32)


def _edges(rng: Generator, rows: NDArray[np.float32], columns: NDArray[np.float32]) -> NDArray[np.float32]:
    """How far each pixel is from the nearest of one or more of the picture's edges."""
    edges = (columns, columns.shape[1] - columns, rows, len(rows) - rows)
    chosen = rng.permutation(4)[: 1 + rng.binomial(3, 0.25)]
    away = np.full((len(rows), columns.shape[1]), np.inf, np.float32)
    for index in chosen:
        away = np.minimum(away, edges[index])
    return away


def peeled(rng: Generator, height: int, width: int) -> list[Layer]:
    """Patches of bare paper, 0.5 to 7 in 100 of the picture, at times with a shadow at their border."""
    field = drawing.ragged(rng, height, width, (5, 11, 29))
    above = field - np.quantile(field[::2, ::2], rng.uniform(0.93, 0.995))
    softness = rng.uniform(0.01, 0.05)
    patches = drawing.whole(above / softness)
    layers = [Layer(patches, drawing.paint(rng))]
    if rng.random() < 0.4:
        rim = drawing.whole((above + softness) / softness)
        layers.insert(0, Layer(drawing.faint(rim, rng.uniform(0.1, 0.4)), BLACK))
    return layers


def flaked(rng: Generator, height: int, width: int) -> list[Layer]:
    """Emulsion gone in flakes of all sizes over a part of the picture, 1 to 25 in 100 of it: mottled paper
    shows, in half of the pictures through a thin film that is left."""
    finest = min(height, width) / rng.uniform(2, 8)
    cells = tuple(round(finest / 2**octave) for octave in range(5, -1, -1) if finest / 2**octave >= 3)
    flakes = drawing.ragged(rng, height, width, cells, rng.uniform(0.6, 1))
    field = flakes + rng.uniform(0.3, 1.5) * drawing.ragged(rng, height, width, (2, 4, 7))
    above = field - np.quantile(field[::2, ::2], 1 - 0.01 * 25 ** rng.uniform(0, 1))
    gone = np.clip(above / rng.uniform(0.005, 0.04), 0, 1)
    mottle = drawing.ragged(rng, height, width, (13, 29, 61), 0.9)
    if rng.random() < 0.5:
        gone *= 1 - rng.uniform(0, 0.6) * np.clip(
            (mottle - rng.uniform(0.3, 0.7)) * rng.uniform(2, 8), 0, 1
        )
    light = drawing.paint(rng)
    if rng.random() < 0.4:
        gray = rng.uniform(0.6, 1)
        light = Paint((gray, gray, gray), light.texture)
    shade = rng.uniform(0.6, 1)
    red, green, blue = (shade * colour for colour in light.colour)
    patches = np.clip(1 - rng.uniform(0, 1.5) * mottle, 0, 1)
    return [
        Layer(drawing.whole(gone), Paint((red, green, blue), light.texture)),
        Layer(drawing.whole(gone * patches), light),
    ]
