"""Strokes of a brush and an eraser: the pixels that every language marks."""

from __future__ import annotations

import numpy as np

from edge.restore.damage.strokes import Point, Stroke, draw
from tests.golden.written import Vectors, flat


def vectors() -> Vectors:
    """`strokes.json`."""
    return {
        "strokes": [
            _case((9, 12), [Stroke(((5, 4),), 0)]),
            _case((9, 12), [Stroke(((5, 4),), 3)]),
            _case((20, 30), [Stroke(((3, 3), (25, 12), (10, 18)), 2)]),
            _case((20, 30), [Stroke(((0, 0), (29, 19)), 4), Stroke(((29, 0), (0, 19)), 1, erases=True)]),
            _case((20, 30), [Stroke(((-40, -9), (50, 31)), 3)]),
            _case((12, 12), [Stroke(((6, 6), (6, 6)), 5), Stroke(((6, 6),), 2, erases=True)]),
            # Halved: each half rounds its middle down.
            _case((16, 24), [Stroke(((-9001, -4099), (9030, 4120)), 2)]),
            _case((8, 8), [Stroke(((-20, 3), (-9, 3)), 6)]),
            _case(
                (16, 24),
                [Stroke(((-70000, 5), (120001, 8)), 2048), Stroke(((-131072, 3), (131072, 9)), 1, True)],
            ),
            _case((8, 8), [Stroke((), 2)]),
        ]
    }


def _case(shape: tuple[int, int], strokes: list[Stroke]) -> Vectors:
    mask = np.zeros(shape, bool)
    draw(mask, strokes)
    return {
        "shape": list(shape),
        "strokes": [
            {"points": _flat(stroke.points), "radius": stroke.radius, "erases": stroke.erases}
            for stroke in strokes
        ],
        "mask": flat(mask),
    }


def _flat(points: tuple[Point, ...]) -> list[int]:
    return [value for point in points for value in point]
