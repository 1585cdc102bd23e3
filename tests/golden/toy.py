"""Toy networks in integer arithmetic, which every language has: they make whole photos comparable.

A runtime like those of `edge.runtimes`; a network's file name says which one it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.bundle.manifest import Artifact, Tile
from edge.restore.faces.alignment import TEMPLATE, face_width
from edge.restore.faces.finder import POINT_UNIT
from edge.restore.tiles.parts import store
from tests.golden.written import int8

FINDER_OUTPUT = int8("faces", 11, 0.08, -8)
_FOUND_WIDTH, _BRIGHT, _FALL = 44.0, 20_000, 100


def load(path: Path, artifact: Artifact, tile: Tile, threads: int) -> Toy:
    """See `edge.runtimes.RuntimeModule`."""
    return Toy(path.stem)


class Toy:
    """One toy network; see `edge.runtimes.Network`."""

    def __init__(self, part: str) -> None:
        self._part = part

    def run(self, inputs: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
        first = inputs[0][0].astype(np.int64)
        output: NDArray[Any]
        match self._part:
            case "scratch":
                output = np.where(_box(first, 16) > 90, 127, -128)
            case "encoder" | "mapper":
                output = _box(first, 8)
            case "mapper_global":
                output = _global(first, *(each[0].astype(np.int64) for each in inputs[1:]))
            case "decoder":
                output = _box(inputs[1][0].astype(np.int64), 48) // 4 + first // 16
            case "finder":
                output = _finder(first)
            case "face":
                output = (first[..., :48] - first[..., 48:]) // 4
            case "tone":
                rises = np.full((3, 9), 0.12)
                rises[:, 0], rises[:, 1:3] = (0.02, 0.04, 0.06), (0.14, 0.11)
                return [rises.astype(np.float32)[None]]
        return [output.astype(np.int8)[None]]


def finder_points() -> list[int]:
    """Channels 1 to 10 of the finder's output, where it finds something."""
    points = (TEMPLATE - TEMPLATE.mean(0)) * (_FOUND_WIDTH / face_width(TEMPLATE)) / POINT_UNIT
    return [int(value) for value in store(points.ravel(), FINDER_OUTPUT)]


def _box(values: NDArray[np.int64], channels: int) -> NDArray[np.int64]:
    """Mean of 3 x 3 neighbours, rounded down; output channel ``o`` of input channel ``5 o + 3``."""
    chosen = values[..., (np.arange(channels) * 5 + 3) % values.shape[2]]
    wide = np.pad(chosen, ((1, 1), (1, 1), (0, 0)), mode="edge")
    rows, columns = values.shape[:2]
    total = sum(wide[y : y + rows, x : x + columns] for y in range(3) for x in range(3))
    return np.asarray(total // 9)


def _global(
    latent: NDArray[np.int64], mask: NDArray[np.int64], context: NDArray[np.int64]
) -> NDArray[np.int64]:
    mapped = _box(latent, 8)
    masked = mask[..., np.arange(8) % mask.shape[2]] > 0
    return mapped + np.where(masked, (context[5] - mapped) // 2, 0)


def _finder(photo: NDArray[np.int64]) -> NDArray[np.int64]:
    reported = np.full((*photo.shape[:2], FINDER_OUTPUT.channels), -128)
    brightness = photo.sum(axis=2)
    place = np.unravel_index(brightness.argmax(), brightness.shape)
    if brightness[place] > _BRIGHT:
        # Surer of what grows darker downwards, so that it knows which way up a face is.
        half = photo.shape[2] // 2
        falls = photo[place][:half].sum() - photo[place][half:].sum() > _FALL
        reported[place] = [127 if falls else 30, *finder_points()]
    return reported
