"""Pixels: to what networks see and back, shrunk; alpha; quantized values; stitching."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.bundle.manifest import Tensor
from edge.restore.passes import Stitcher
from edge.restore.tiles.cells import eight_bit, in_colour, shrink, to_cells
from edge.restore.tiles.parts import real, store
from edge.restore.tiles.tiling import Box, cut
from tests.golden.written import Vectors, box, flat, float32, int8, noise, picture, spec

LATENT = int8("latent", 64, 0.014256779104471207, -38)
RESIDUAL = int8("residual", 48, 0.006530154962092638, 13)
UNSIGNED = Tensor(role="photo", name="args_0", channels=48, dtype="uint8", scale=1 / 255, zero_point=3)


def vectors() -> Vectors:
    """`pixels.json`."""
    colour, gray = noise(1, (9, 7, 3)), noise(2, (6, 8))
    deep, deep_gray = noise(3, (5, 6, 3), np.uint16), noise(4, (7, 5), np.uint16)
    wide = noise(5, (21, 17, 3))
    return {
        "seen": [
            {
                "picture": picture(pixels),
                "box": box(where),
                "values": flat(in_colour(eight_bit(cut(pixels, where)))),
            }
            for pixels in (colour, gray, deep, deep_gray)
            for where in (Box(0, 0, 4, 4), Box(-5, -9, 7, 12))
        ],
        "cells": [_cells(noise(6, (8, 12, 3)), 4), _cells(noise(7, (16, 8, 3)), 8)],
        "shrunk": [
            {"picture": picture(pixels), "factor": factor, **_shaped(shrink(pixels, factor))}
            for pixels in (wide, gray, deep, deep_gray)
            for factor in (1, 2, 5)
        ],
        "stored": [
            {"spec": spec(tensor), "values": values, "stored": flat(store(np.array(values), tensor))}
            for tensor in (LATENT, RESIDUAL, UNSIGNED, float32("photo", 48))
            for values in [[0.0, 1.0, -1.0, 0.5, 1 / 255, 254 / 255, 0.02138516865670681, -9.5, 9.5]]
        ],
        "real": [
            {"spec": spec(tensor), "stored": levels, "values": flat(real(np.array(levels, kind), tensor))}
            for tensor, kind, levels in (
                (LATENT, np.int8, [-128, -38, -1, 0, 1, 127]),
                (RESIDUAL, np.int8, [-128, -38, -1, 0, 13, 127]),
                (UNSIGNED, np.uint8, [0, 3, 128, 255]),
            )
        ],
        "carried": [_carried(noise(9, (4, 5, 4))), _carried(noise(10, (5, 3, 2), np.uint16))],
    }


def _cells(pixels: NDArray[Any], stride: int) -> Vectors:
    cells = to_cells(pixels, stride)
    return {"picture": picture(pixels), "stride": stride, "shape": list(cells.shape), "cells": flat(cells)}


def _shaped(values: NDArray[Any]) -> Vectors:
    return {"shape": list(values.shape), "values": flat(values)}


def _carried(pixels: NDArray[Any]) -> Vectors:
    colours = pixels[..., :3] if pixels.shape[2] == 4 else pixels[..., 0]
    return {"picture": picture(pixels), "colours": picture(colours), "alpha": flat(pixels[..., -1])}


def stitching() -> Vectors:
    """`stitching.json`."""
    shapes: list[tuple[tuple[int, ...], type]] = [
        ((12, 16, 3), np.uint8),
        ((10, 15, 3), np.uint8),
        ((12, 14), np.uint8),
        ((9, 12, 3), np.uint16),
        ((11, 13), np.uint16),
    ]
    stitched = [
        _stitched(noise(20 + index, shape, kind), RESIDUAL, strength, gray, Box(1, 1, 3, 4))
        for index, (shape, kind) in enumerate(shapes)
        for strength, gray in ((1.0, False), (0.3, False), (1.0, True))
        if gray or len(shape) == 3
    ]
    decoded = float32("residual", 48)
    floats = [
        _stitched(noise(30 + gray, (12, 16, 3)), decoded, 0.7, bool(gray), Box(0, 0, 3, 3))
        for gray in (0, 1)
    ]
    return {"cases": stitched + floats}


def _stitched(pixels: NDArray[Any], residual: Tensor, strength: float, gray: bool, keep: Box) -> Vectors:
    shape = (keep.rows, keep.columns, residual.channels)
    levels = noise(40, shape, np.int8)
    cells = (levels / 300).astype(np.float32) if residual.dtype == "float32" else levels
    after = pixels.copy()
    Stitcher(after, residual, 4, strength, gray).add(keep, cells)
    return {
        "picture": picture(pixels),
        "spec": spec(residual),
        "stride": 4,
        "strength": strength,
        "gray": gray,
        "keep": box(keep),
        "shape": list(shape),
        "residual": flat(cells),
        "result": flat(after),
    }
