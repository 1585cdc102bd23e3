"""What concerns the whole photo: damage, fill, context, hue and tone."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edge.bundle.manifest import Detection
from edge.integers import ceil_div
from edge.restore import tone
from edge.restore.context import pool
from edge.restore.damage.detector import FaceArea, damage_mask, grown, opened
from edge.restore.damage.fill import push_pull
from edge.restore.damage.mask import Damage, read_mask
from edge.restore.hue import lightness, one_hue
from edge.restore.tiles.tiling import Box
from tests.golden.written import Vectors, box, flat, float32, int8, noise, picture, spec

RULE = Detection(high=178, low=102, thick=8, thick_mean=178, thick_spread=20, face_thick=8, grow=1)


def damage() -> Vectors:
    """`damage.json`."""
    return {
        "opened": [
            _opened(0.75, (9, 14), 3),
            _opened(0.9, (12, 7), 4),
            _opened(0.5, (1, 5), 1),
            _opened(1, (4, 4), 6),
        ],
        "grown": [_grown(0.1, (7, 9), 1), _grown(0.03, (12, 10), 3)],
        "masks": [
            _found(seed, shape, **changes)
            for seed, (shape, changes) in enumerate(
                [
                    ((40, 52), {}),
                    ((40, 52), {"thick_mean": 190, "thick_spread": 30}),
                    ((40, 52), {"thick": 6, "thick_mean": 0, "thick_spread": 255, "grow": 0}),
                    ((33, 21), {"high": 255, "low": 1, "grow": 2}),
                    (
                        (40, 52),
                        {
                            "high": 226,
                            "low": 220,
                            "thin_from": 64,
                            "thin_high": 200,
                            "thin_low": 150,
                            "thin": 10,
                        },
                    ),
                    (
                        (40, 52),
                        {"high": 226, "low": 220, "thin_from": 2, "thin_high": 200, "thin_low": 150},
                    ),
                    (
                        (40, 52),
                        {"high": 255, "low": 150, "large": 40, "thick_mean": 0, "thick_spread": 255},
                    ),
                    ((3, 12), {"high": 1, "low": 1}),
                    ((1, 1), {}),
                ]
            )
        ]
        + [_overlapping()],
        "cells": [
            _cells(noise(5, (6, 8), top=2), 1, (6, 8), Box(-1, -1, 2, 3)),
            _cells(noise(6, (4, 5), top=2), 3, (11, 14), Box(0, 0, 3, 4)),
            _cells(noise(7, (2, 3), top=2), 4, (7, 10), Box(-3, 1, 3, 5)),
        ],
        "painted": [_painted(noise(8, (5, 6))), _painted(noise(9, (5, 6, 3)))],
        "filled": [
            _filled(noise(10, (13, 22, 3)), 0.3, 1),
            _filled(noise(11, (13, 22, 3)), 0.9, 1, strength=0.7),
            _filled(noise(12, (17, 9)), 0.4, 2),
            _filled(noise(13, (11, 30), np.uint16), 0.5, 1),
            _filled(noise(14, (10, 8, 3), np.uint16), 0.5, 3, strength=0.25),
            _filled(noise(15, (5, 7, 3)), 1.0, 1),
            _filled(noise(16, (140, 3, 3)), 0.97, 1),
            _filled(noise(17, (2, 2)), 0.7, 1),
        ],
        "pooled": [
            _pooled(0.8, (9, 13), 4),
            _pooled(0.1, (8, 8), 4),
            _pooled(0.0, (5, 5), 2),
            _pooled(1.0, (3, 2), 4),
            _pooled(0.6, (7, 6), 2, real=True),
        ],
    }


def _some(share: float, shape: tuple[int, int], seed: int = 4) -> NDArray[np.bool_]:
    return np.random.default_rng(seed).random(shape) < share


def _opened(share: float, shape: tuple[int, int], side: int) -> Vectors:
    mask = _some(share, shape)
    return {**_mask(mask), "side": side, "result": flat(opened(mask, side))}


def _grown(share: float, shape: tuple[int, int], pixels: int) -> Vectors:
    mask = _some(share, shape)
    return {**_mask(mask), "pixels": pixels, "result": flat(grown(mask, pixels))}


def _found(seed: int, shape: tuple[int, int], **changes: int) -> Vectors:
    """Cracks, a flat and an uneven hole, and a face across a crack."""
    rng = np.random.default_rng(seed)
    rows, columns = shape
    levels = rng.integers(0, 150, shape).astype(np.uint8)
    levels[:, columns // 3] = 160
    levels[rows // 2] = rng.integers(90, 256, columns)
    levels[: rows // 3, : columns // 3] = rng.integers(150, 256, (rows // 3, columns // 3))
    levels[2 * rows // 3 :, 2 * columns // 3 :] = 220
    shown = noise(seed, (*shape, 3))
    shown[: rows // 3, : columns // 3] //= 16
    rule = msgspec.structs.replace(RULE, **changes)
    return _masked(levels, shown, [(columns // 4, rows // 4, columns // 2, rows), (-5, -3, 9, 8)], rule)


def _overlapping() -> Vectors:
    """Two faces over one thick bar: without what is in the first, it would be too thin for the second."""
    levels = np.zeros((40, 52), np.uint8)
    levels[15:20] = 230
    return _masked(levels, noise(7, (40, 52, 3), top=9), [(6, 2, 20, 15), (10, 4, 34, 30)], RULE)


def _masked(
    levels: NDArray[np.uint8], shown: NDArray[np.uint8], faces: list[FaceArea], rule: Detection
) -> Vectors:
    return {
        "picture": picture(shown),
        "levels": flat(levels),
        "faces": faces,
        "rule": msgspec.to_builtins(rule),
        "mask": flat(damage_mask(levels, shown, lambda: faces, rule)),
    }


def _filled(pixels: NDArray[Any], share: float, factor: int, strength: float = 1.0) -> Vectors:
    rows, columns = pixels.shape[:2]
    mask = _some(share, (ceil_div(rows, factor), ceil_div(columns, factor)))
    after = pixels.copy()
    push_pull(after, Damage(mask, factor), strength)
    return {
        "picture": picture(pixels),
        **_mask(mask),
        "factor": factor,
        "strength": strength,
        "result": flat(after),
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
                "side": side,
                "values": flat(tone.thumbnail(small, side)),
            }
            for side in (4, 16, 3)
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
            _applied(tone.apply_curves, each, knots[id(steps)], strength)
            for each in pixels
            if each.ndim == 3
            for steps, strength in ((rising, 1.0), (bending, 0.6))
        ],
        "lightened": [
            _applied(_lightened, each, knots[id(steps)], strength)
            for each in pixels
            for steps, strength in ((rising, 1.0), (bending, 0.6))
        ],
        "hues": [_hue(seed, top) for seed, top in enumerate((1, 8, 12, 25, 60))],
    }


def _lightened(pixels: NDArray[Any], knots: NDArray[np.float64], strength: float) -> None:
    """By the mean curve."""
    tone.apply_to_lightness(pixels, knots.mean(0), strength)


def _hue(seed: int, top: int) -> Vectors:
    """A sepia picture whose colours vary by ``top`` levels."""
    light = noise(seed, (24, 31)).astype(np.int64)[..., None]
    shown = light * (100, 90, 70) // 100 + noise(seed, (24, 31, 3), top=top)
    pixels = np.clip(shown, 0, 255).astype(np.uint8)
    return {"picture": picture(pixels), "lightness": flat(lightness(pixels)), "one": one_hue(pixels)}


def _applied(
    apply: Callable[[NDArray[Any], NDArray[np.float64], float], None],
    pixels: NDArray[Any],
    knots: NDArray[np.float64],
    strength: float,
) -> Vectors:
    after = pixels.copy()
    apply(after, knots, strength)
    return {
        "picture": picture(pixels),
        "knots": flat(knots),
        "count": knots.shape[1],
        "strength": strength,
        "result": flat(after),
    }
