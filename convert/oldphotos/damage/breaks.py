"""Breaks: the print was bent until its emulsion broke off along the bend, and white paper shows.

Unlike `cracks` they are ragged at the pixel, of uneven width, grained inside, and meet each other.
"""

from __future__ import annotations

import math
from itertools import pairwise

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from convert.oldphotos.damage import drawing
from convert.oldphotos.damage.drawing import Point
from convert.oldphotos.damage.layers import Cover, Layer, Paint

STEP = 5.0
"""Pixels between the points of a break."""


def draw(rng: Generator, height: int, width: int) -> list[Layer]:
    """One to ten breaks of 1 to 9 pixels with splinters, or, in three of ten, a frayed border."""
    drawn = drawing.canvas(height, width)
    widest = 1 + 8 * rng.uniform(0, 1) ** 2
    if rng.random() < 0.3:
        lines = _from_border(rng, height, width)
        widest = min(widest, 4.0)
    else:
        lines = _meeting(rng, height, width)
    for points in lines:
        _break(rng, drawn, points, widest * rng.uniform(0.4, 1))
    light = rng.uniform(0.7, 1)
    yellow = rng.uniform(0, 1) ** 2
    paper = Paint((light, light * (1 - 0.05 * yellow), light * (1 - 0.25 * yellow)), rng.uniform(0, 0.1))
    cover = _ragged(rng, drawing.reduced(drawn))
    return [Layer(drawing.faint(cover, rng.uniform(0.7, 1)), paper)]


def _meeting(rng: Generator, height: int, width: int) -> list[Point]:
    """Nearly straight lines across the picture; most of the later ones end where they meet an earlier."""
    lines: list[Point] = []
    for _ in range(rng.integers(1, 11)):
        if lines and rng.random() < 0.6:
            earlier = lines[rng.integers(len(lines))]
            start = earlier[rng.integers(len(earlier))]
        else:
            start = drawing.anywhere(rng, height, width)
            if rng.random() < 0.6:
                side = rng.integers(2)
                start[side] = rng.integers(2) * (width, height)[side]
        across, down = drawing.anywhere(rng, height, width) - start
        angle = math.atan2(down, across)
        if rng.random() < 0.4:
            # Many prints are bent along their sides.
            angle = round(angle / math.pi * 2) * math.pi / 2 + rng.normal(0, 0.1)
        lines.append(_line(rng, start, angle, rng.uniform(0.2, 1.4) * max(height, width)))
    return lines


def _from_border(rng: Generator, height: int, width: int) -> list[Point]:
    """Many short lines from one or two borders inwards, forked."""
    lines: list[Point] = []
    reach = rng.uniform(0.05, 0.3) * max(height, width)
    for side in rng.permutation(4)[: rng.integers(1, 3)]:
        inwards = (0.0, math.pi / 2, math.pi, -math.pi / 2)[side]
        for _ in range(rng.integers(4, 20)):
            start = drawing.anywhere(rng, height, width)
            start[side % 2] = (0, 0, width, height)[side]
            first = _line(rng, start, inwards + rng.normal(0, 0.7), reach * rng.uniform(0.2, 1))
            lines.append(first)
            for fork in first[1 :: int(rng.integers(3, 12))]:
                lines.append(_line(rng, fork, inwards + rng.normal(0, 1.2), reach * rng.uniform(0.05, 0.5)))
    return lines


def _line(rng: Generator, start: Point, angle: float, length: float) -> Point:
    """Points ``(N, 2)`` of a line that turns a little at each step."""
    count = max(2, round(length / STEP))
    turns = np.cumsum(rng.normal(0, 0.1 * rng.uniform(0, 1) ** 2, count)) + rng.normal(0, 0.15, count)
    steps = np.stack((np.cos(angle + turns), np.sin(angle + turns)), 1) * STEP
    return np.asarray(start + np.cumsum(steps, 0) - steps[0], np.float64)


def _break(rng: Generator, drawn: Cover, points: Point, wide: float) -> None:
    """One break on a canvas: wide here, thin or gone there, with splinters and flakes."""
    uneven = _smooth(rng, len(points)) * rng.uniform(0.05, 0.9) + rng.uniform(0.3, 0.9)
    taper = np.minimum(1, np.linspace(1, rng.uniform(0, 1), len(points)) + 0.2)
    widths = wide * np.clip(uneven, 0, 1.6) * taper
    splinters, flakes = 0.25 * rng.uniform(0, 1) ** 2, 0.08 * rng.uniform(0, 1) ** 2
    for (start, end), width in zip(pairwise(points), widths[1:], strict=True):
        if width < 0.3:
            continue
        drawing.line(drawn, start, end, float(width), 1)
        if rng.random() < splinters:
            along = math.atan2(*(end - start)[::-1])
            turn = along + rng.choice((-1, 1)) * rng.uniform(0.2, 1.4)
            tip = end + drawing.towards(turn) * rng.uniform(1, 5) * (1 + width)
            drawing.line(drawn, end, tip, float(width) * rng.uniform(0.15, 0.5), 1)
        if rng.random() < flakes:
            radius = width * rng.uniform(0.5, 2)
            place = end + rng.normal(0, 1, 2) * width
            drawing.spot(drawn, place, (radius, radius * rng.uniform(0.3, 1)), rng.uniform(0, 180), 1)


def _smooth(rng: Generator, count: int) -> NDArray[np.float64]:
    """A smooth row of ``count`` numbers, normally distributed."""
    knots = rng.standard_normal(max(2, count // 5) + 1)
    return np.interp(np.linspace(0, len(knots) - 1, count), np.arange(len(knots)), knots)


def _ragged(rng: Generator, cover: Cover) -> Cover:
    """The cover with its outline displaced, with holes, and with grains around, as emulsion breaks."""
    line = cover.astype(np.float32) / 255
    soft = cv2.GaussianBlur(line, (0, 0), rng.uniform(0.4, 1.2))
    around = cv2.GaussianBlur(line, (0, 0), rng.uniform(1, 3))
    noise = sum(rng.uniform(0, 1) * _noise(rng, cover.shape, cell) for cell in (1.0, 2.5, 6.0))
    # Nothing appears far from a break.
    rough = soft + rng.uniform(0.05, 0.5) * noise * np.minimum(1, 4 * soft)
    broken = np.clip((rough - rng.uniform(0.1, 0.4)) * rng.uniform(1.2, 5), 0, 1)
    broken *= 1 - rng.uniform(0, 0.5) * np.clip(_noise(rng, cover.shape, rng.uniform(1, 4)), 0, 1)
    grains = np.clip(_noise(rng, cover.shape, rng.uniform(1, 2)) - rng.uniform(0, 1.5), 0, 1)
    return drawing.whole(np.maximum(broken, rng.uniform(0, 3) * around * grains))


def _noise(rng: Generator, shape: tuple[int, ...], cell: float) -> NDArray[np.float32]:
    """Noise of standard deviation about 1 in cells of ``cell`` pixels."""
    height, width = shape
    few = rng.standard_normal((max(2, round(height / cell)), max(2, round(width / cell))), np.float32)
    return np.asarray(cv2.resize(few, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
