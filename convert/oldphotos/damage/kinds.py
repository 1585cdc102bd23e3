"""Every kind of structured damage with its share, and the damage of a batch of pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from torch import Generator

from convert.oldphotos.damage import breaks, cracks, dust, folds, missing, overlays, scratches, tides
from convert.oldphotos.damage.drawing import numbers_of
from convert.oldphotos.damage.layers import MAX_LAYERS, Layer, Layers, stacked
from convert.oldphotos.damage.overlays import Overlays


@dataclass(frozen=True)
class Kind:
    """What draws a kind of damage (given numbers, height and width), and its share of damaged pictures."""

    draw: Callable[[np.random.Generator, int, int], list[Layer]]
    share: float


KINDS = {
    "breaks": Kind(breaks.draw, 0.5),
    "cracks": Kind(cracks.draw, 0.55),
    "folds": Kind(folds.draw, 0.4),
    "torn": Kind(missing.torn, 0.5),
    "peeled": Kind(missing.peeled, 0.2),
    "flaked": Kind(missing.flaked, 0.2),
    "straight": Kind(scratches.straight, 0.3),
    "worn": Kind(scratches.worn, 0.25),
    "strokes": Kind(scratches.strokes, 0.4),
    "specks": Kind(dust.specks, 0.3),
    "hairs": Kind(dust.hairs, 0.15),
    "tides": Kind(tides.draw, 0.1),
}
"""What is drawn without any overlays."""


def every_kind(real: Overlays | None = None) -> dict[str, Kind]:
    """The kinds that are drawn, and those of the overlays."""
    found = dict(KINDS)
    for name in real or {}:
        share = overlays.SHARES.get(name, overlays.OTHERS)
        found[f"{name} (overlay)"] = Kind(partial(overlays.draw, overlays=real or {}, kind=name), share)
    return found


def draw(
    size: tuple[int, int],
    damaged: Sequence[bool],
    rng: Generator,
    real: Overlays | None = None,
    crop_of: float = 1.0,
) -> Layers:
    """Damage for a batch of pictures of ``size`` (height, width), for those that are to be ``damaged``.

    Drawn on the CPU with the numbers of ``rng``, of any device; may run in a worker. Some pictures get
    a single kind, others many, at most `MAX_LAYERS` layers each. A picture may be a crop of one up to
    ``crop_of`` times as large, whose damage is as much larger; little of it may then lie in the crop.
    Half of the crops touch the top or bottom of their picture, and half its left or right.
    """
    numbers, table = numbers_of(rng), every_kind(real)
    return stacked([_picture(numbers, size, table, crop_of) if hurt else [] for hurt in damaged], size)


def _picture(
    rng: np.random.Generator, size: tuple[int, int], table: dict[str, Kind], crop_of: float
) -> list[Layer]:
    """The layers of one picture, of at least one kind."""
    larger = rng.uniform(1, crop_of)
    height, width = (round(side * larger) for side in size)
    # Torn edges and corners lie at a picture's border, where few crops would be by chance.
    places = np.clip(rng.uniform(-0.5, 1.5, 2), 0, 1)
    top, left = round(places[0] * (height - size[0])), round(places[1] * (width - size[1]))
    crop = slice(top, top + size[0]), slice(left, left + size[1])
    plenty = rng.uniform(0.5, 1.3)
    names = list(table)
    shares = np.array([kind.share for kind in table.values()])
    struck = rng.random(len(names)) < shares * plenty
    if not struck.any():
        struck[rng.choice(len(names), p=shares / shares.sum())] = True
    layers: list[Layer] = []
    for index in rng.permutation(np.flatnonzero(struck)):
        drawn = table[names[index]].draw(rng, height, width)
        if len(layers) + len(drawn) <= MAX_LAYERS:
            layers += [Layer(layer.cover[crop], layer.paint) for layer in drawn]
    return layers
