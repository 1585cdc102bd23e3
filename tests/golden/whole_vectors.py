"""What concerns the whole photo: damage, context and tone."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edge import tone
from edge.context import pool
from edge.damage import Damage, from_probability, read_mask
from edge.tiling import Box
from tests.golden.written import Vectors, box, flat, float32, int8, noise, picture, spec


def damage() -> Vectors:
    """`damage.json`."""
    return {
        "found": [_found(seed, shape) for seed, shape in enumerate([(7, 9), (1, 1), (3, 12)])],
        "cells": [
            _cells(noise(5, (6, 8), top=2), 1, (6, 8), Box(-1, -1, 2, 3)),
            _cells(noise(6, (4, 5), top=2), 3, (11, 14), Box(0, 0, 3, 4)),
            _cells(noise(7, (2, 3), top=2), 4, (7, 10), Box(-3, 1, 3, 5)),
        ],
        "shrunk": [_shrunk(1, 3), _shrunk(2, 2), _shrunk(2, 4)],
        "painted": [_painted(noise(8, (5, 6))), _painted(noise(9, (5, 6, 3)))],
        "pooled": [
            _pooled(0.8, (9, 13), 4),
            _pooled(0.1, (8, 8), 4),
            _pooled(0.0, (5, 5), 2),
            _pooled(1.0, (3, 2), 4),
            _pooled(0.6, (7, 6), 2, real=True),
        ],
    }


def _found(seed: int, shape: tuple[int, int]) -> Vectors:
    stored = noise(seed, shape) / np.float32(255) * np.float32(0.45)
    stored.flat[0] = np.float32(0.4)  # the threshold itself counts
    probability = stored.astype(np.float32)
    mask = from_probability(probability, 0.4, 2).mask
    return {
        "shape": list(shape),
        "probability": flat(probability),
        "threshold": 0.4,
        "factor": 2,
        "mask": flat(mask),
    }


def _mask(values: NDArray[Any]) -> Vectors:
    return {"mask_shape": list(values.shape), "mask": flat(values)}


def _cells(mask: NDArray[Any], factor: int, photo_shape: tuple[int, int], where: Box) -> Vectors:
    cells = Damage(mask.astype(np.bool_), factor).cells(where, 4, photo_shape)
    return {
        **_mask(mask),
        "factor": factor,
        "photo_shape": photo_shape,
        "box": box(where),
        "stride": 4,
        "cells": flat(cells),
    }


def _shrunk(factor: int, times: int) -> Vectors:
    mask = np.random.default_rng(factor).random((10, 13)) < 0.1
    small = Damage(mask, factor).shrunk(factor * times)
    return {
        **_mask(mask),
        "factor": factor,
        "to": factor * times,
        "shape": list(small.shape),
        "values": flat(small),
    }


def _painted(pixels: NDArray[Any]) -> Vectors:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mask.png"
        Image.fromarray(pixels).save(path)
        found = read_mask(path, (pixels.shape[0], pixels.shape[1]))
    return {"picture": picture(pixels), "mask": flat(found.mask)}


def _pooled(share: float, shape: tuple[int, int], grid: int, real: bool = False) -> Vectors:
    context = int8("context", 3, 0.0142, -38, shape=[grid * grid, 3])
    latent = noise(3, (*shape, 3), np.int8)
    if real:
        context = float32("context", 3, shape=[grid * grid, 3])
        latent = (latent / 64).astype(np.float32)
    intact = np.random.default_rng(4).random(shape) < share
    return {
        "shape": [*shape, 3],
        "spec": spec(context),
        "latent": flat(latent),
        "intact": flat(intact),
        "grid": grid,
        "tokens": flat(pool(latent, intact, grid, context)),
    }


def toning() -> Vectors:
    """`tone.json`."""
    small = noise(1, (10, 14, 3))
    damaged = np.random.default_rng(2).random((10, 14)) < 0.4
    damaged[:5, :6] = True
    rising = np.array([[0.05 * (c + 1), *[0.11 + 0.01 * c] * 8] for c in range(3)], np.float32)
    bending = np.array([[-0.1, 0.3, -0.2, 0.5, 0, 0.3, 0.2], [0, *[1 / 6] * 6], [0.2] * 7], np.float32)
    still = np.array([[0, *[0.125] * 8]] * 3, np.float32)
    pixels = [
        noise(3, (6, 5, 3)),
        noise(4, (6, 5)),
        noise(5, (4, 4, 3), np.uint16),
        noise(6, (4, 4), np.uint16),
    ]
    knots = {id(steps): tone.curves(steps) for steps in (rising, bending, still)}
    return {
        "thumbnails": [
            {
                "picture": picture(small),
                "damaged": None if mask is None else flat(mask),
                "side": side,
                "values": flat(tone.thumbnail(small, mask, side)),
            }
            for mask, side in ((None, 4), (damaged, 4), (damaged, 16), (np.ones_like(damaged), 3))
        ],
        "curves": [
            {"steps": flat(steps), "count": steps.shape[1], "knots": flat(knots[id(steps)])}
            for steps in (rising, bending, still)
        ],
        "changes": [
            {
                "picture": picture(small),
                "knots": flat(knots[id(steps)]),
                "count": steps.shape[1],
                "change": tone.change(knots[id(steps)], small),
            }
            for steps in (rising, bending, still)
        ],
        "applied": [
            _applied(each, knots[id(steps)], strength)
            for each in pixels
            for steps, strength in ((rising, 1.0), (bending, 0.6))
        ],
    }


def _applied(pixels: NDArray[Any], knots: NDArray[np.float64], strength: float) -> Vectors:
    after = pixels.copy()
    tone.apply_curves(after, knots, strength)
    return {
        "picture": picture(pixels),
        "knots": flat(knots),
        "count": knots.shape[1],
        "strength": strength,
        "result": flat(after),
    }
