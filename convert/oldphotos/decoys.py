"""What a detector takes for damage and isn't: wires, rigging, railings, bars, text, poles, roads,
cloth, sheets of paper, leaves.

Drawn into a clean scene before it ages, so that they fade, blur and get grain with it; never in a mask.
"""

from __future__ import annotations

import math
import string
from collections.abc import Callable
from functools import wraps
from itertools import pairwise

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from convert.oldphotos.damage import drawing
from convert.oldphotos.damage.drawing import Point
from convert.oldphotos.damage.layers import Cover

Scene = NDArray[np.float32]
"""A picture ``(H, W, 3)`` in 0..1."""

FONTS = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_DUPLEX,
    cv2.FONT_HERSHEY_COMPLEX,
    cv2.FONT_HERSHEY_TRIPLEX,
    cv2.FONT_HERSHEY_SCRIPT_SIMPLEX,
)


BEHIND = 0.8
"""Of the wires, masts, railings, poles and text, so many end where the sky or wall behind them ends. Drawn
across faces, they would teach a detector to doubt the cracks there."""

SURFACE, SEEDS = 0.1, 4
"""The least share of the scene that such a sky or wall takes, and at how many places one is looked for."""

LIGHT, LIGHT_LINES = 0.3, 0.08
"""Of the decoys, and of lines among them, so many are light. Most lines before a sky or a wall are dark;
white ones there are mostly cracks."""

Pattern = Callable[[Generator, int, int], Cover]
"""What a decoy covers of a picture of this height and width."""

Decoy = Callable[[Generator, Scene], Scene]
"""Draws a decoy into a scene."""


def draw(rng: Generator, scene: Scene) -> Scene:
    """``scene`` with one kind of decoy, at times two."""
    for _ in range(1 if rng.random() < 0.8 else 2):
        scene = KINDS[rng.integers(len(KINDS))](rng, scene)
    return scene


def _in_one_colour(pattern: Pattern, light: float = LIGHT) -> Decoy:
    """Draws the pattern in a colour that could be the scene's."""

    @wraps(pattern)
    def draw(rng: Generator, scene: Scene) -> Scene:
        cover = drawing.faint(pattern(rng, *scene.shape[:2]), rng.uniform(0.5, 1))
        return _covered(scene, cover, _colour(rng, scene, light))

    return draw


def _before_one_surface(decoy: Decoy) -> Decoy:
    """Draws the decoy, mostly before one smooth surface only; a scene without any then stays as it is."""

    @wraps(decoy)
    def draw(rng: Generator, scene: Scene) -> Scene:
        drawn = decoy(rng, scene)
        return drawn if rng.random() >= BEHIND else _covered(scene, _surface(rng, scene), drawn)

    return draw


def _surface(rng: Generator, scene: Scene) -> Cover:
    """A sky, or the wall behind a person: what is reached from the upper border without a step in
    brightness. Empty where that is little."""
    height, width = scene.shape[:2]
    levels = cv2.blur((scene.mean(2) * 255).astype(np.uint8), (3, 3))
    step = float(rng.uniform(1, 4))
    for _ in range(SEEDS):
        found = np.zeros((height + 2, width + 2), np.uint8)
        place = _upper_border(rng, height, width)
        how = 4 | cv2.FLOODFILL_MASK_ONLY | 255 << 8
        area, *_ = cv2.floodFill(levels, found, place, 0, step, step, how)
        if area >= SURFACE * height * width:
            # Grain leaves holes that no wire has.
            closed = cv2.morphologyEx(found[1:-1, 1:-1], cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
            return np.asarray(cv2.blur(closed, (3, 3)), np.uint8)
    return np.zeros((height, width), np.uint8)


def _upper_border(rng: Generator, height: int, width: int) -> tuple[int, int]:
    """x and y of a pixel at the top, or in the upper half at the left or right."""
    along = int(rng.integers(width + height))
    if along < width:
        return along, 0
    return (along % 2) * (width - 1), (along - width) // 2


def _covered(scene: Scene, cover: Cover, colour: NDArray[np.float32]) -> Scene:
    opacity = cover[..., None].astype(np.float32) / 255
    return np.asarray(scene * (1 - opacity) + colour * opacity, np.float32)


def _colour(rng: Generator, scene: Scene, light: float = LIGHT) -> NDArray[np.float32]:
    """Light, some colour of the scene, or dark, in its light."""
    own = scene[rng.integers(len(scene)), rng.integers(scene.shape[1])]
    which = rng.random()
    if which < light:
        return np.asarray(1 - (1 - own) * rng.uniform(0.1, 0.6), np.float32)
    if which < light + 0.2:
        return np.asarray(own, np.float32)
    return np.asarray(own * rng.uniform(0.1, 0.5), np.float32)


def wires(rng: Generator, height: int, width: int) -> Cover:
    """Two to eight sagging lines, nearly parallel."""
    drawn = drawing.canvas(height, width)
    angle, reach = rng.uniform(-0.6, 0.6), math.hypot(height, width)
    wide, sag = rng.uniform(0.5, 2.2), rng.uniform(0, 0.12) * height
    places = np.linspace(-1, 1, 25)
    for _ in range(rng.integers(2, 9)):
        along = drawing.towards(angle + rng.normal(0, 0.04))
        points = drawing.anywhere(rng, height, width) + places[:, None] * along * reach
        points[:, 1] += sag * (1 - places**2)
        _path(drawn, points, wide)
    return drawing.reduced(drawn)


def rigging(rng: Generator, height: int, width: int) -> Cover:
    """A mast or two with stays that fan out from it, and at times rungs between them."""
    drawn = drawing.canvas(height, width)
    for _ in range(rng.integers(1, 3)):
        top = np.array((rng.uniform(0, width), rng.uniform(-0.2, 0.4) * height))
        foot = top + np.array((rng.normal(0, 0.05) * width, rng.uniform(0.5, 1.2) * height))
        drawing.line(drawn, top, foot, rng.uniform(1.5, 5), 1)
        wide, spread = rng.uniform(0.5, 1.6), rng.uniform(0.2, 0.9) * width
        ends = [foot + np.array((share * spread, 0.0)) for share in np.linspace(-1, 1, rng.integers(3, 9))]
        for end in ends:
            drawing.line(drawn, top, end, wide, 1)
        if rng.random() < 0.5:
            for share in np.linspace(0.2, 0.95, rng.integers(4, 14)):
                drawing.line(drawn, top + share * (ends[0] - top), top + share * (ends[1] - top), wide, 1)
    return drawing.reduced(drawn)


def railings(rng: Generator, height: int, width: int) -> Cover:
    """Upright bars at equal distances between two or three rails: fences, balconies, window bars."""
    drawn = drawing.canvas(height, width)
    lean = drawing.towards(rng.normal(0, 0.12))
    upright = np.array((-lean[1], lean[0]))
    start = np.array((0, rng.uniform(0.05, 0.7) * height))
    tall, pitch = rng.uniform(0.15, 0.8) * height, rng.uniform(4, 26)
    wide = min(rng.uniform(0.6, 4), pitch * 0.6)
    for place in np.arange(-width * 0.2, width * 1.3, pitch):
        foot = start + place * lean
        drawing.line(drawn, foot, foot + tall * upright, wide, 1)
    for share in (0.0, 1.0, 0.85)[: rng.integers(1, 4)]:
        rail = start + share * tall * upright
        drawing.line(drawn, rail - width * lean, rail + 2 * width * lean, wide * rng.uniform(1, 1.8), 1)
    return drawing.reduced(drawn)


def bars(rng: Generator, height: int, width: int) -> Cover:
    """Stripes over a part of the picture: blinds, boards, bricks' joints, striped cloth."""
    rows, columns = drawing.grid(height, width)
    angle = rng.uniform(0, math.pi)
    bent = drawing.ragged(rng, height, width, (3,)) * rng.uniform(0, 25)
    across = columns * math.cos(angle) + rows * math.sin(angle) + bent
    return _within(rng, _stripes(rng, across))


def checks(rng: Generator, height: int, width: int) -> Cover:
    """Two sets of stripes across each other on bent cloth: checks, tartan, nets, lace."""
    rows, columns = drawing.grid(height, width)
    angle = rng.uniform(0, math.pi)
    bent = drawing.ragged(rng, height, width, (4, 9)) * rng.uniform(0, 30)
    first = columns * math.cos(angle) + rows * math.sin(angle) + bent
    second = rows * math.cos(angle) - columns * math.sin(angle) + bent
    pair = _stripes(rng, first), _stripes(rng, second)
    both = np.maximum(*pair) if rng.random() < 0.5 else (pair[0] + pair[1]) / 2
    return _within(rng, np.asarray(both, np.float32))


def text(rng: Generator, height: int, width: int) -> Cover:
    """One to six lines of letters: signs, captions, handwriting."""
    drawn = drawing.canvas(height, width)
    font, size = FONTS[rng.integers(len(FONTS))], rng.uniform(0.5, 3.5)
    letters = np.array(list(string.ascii_letters + string.digits + "    "))
    x, y = rng.uniform(-0.1, 0.5) * drawn.shape[1], rng.uniform(0.15, 0.85) * drawn.shape[0]
    thick, apart = int(rng.integers(1, 5)), size * rng.uniform(30, 45)
    for line in range(rng.integers(1, 7)):
        words = "".join(rng.choice(letters, rng.integers(4, 22)))
        cv2.putText(drawn, words, (int(x), int(y + line * apart)), font, size, 255, thick, cv2.LINE_AA)
    middle = drawn.shape[1] / 2, drawn.shape[0] / 2
    turn = cv2.getRotationMatrix2D(middle, rng.normal(0, 10), 1)
    turned = cv2.warpAffine(drawn, turn, (drawn.shape[1], drawn.shape[0]), flags=cv2.INTER_LINEAR)
    return drawing.reduced(np.asarray(turned, np.uint8))


def white_cloth(rng: Generator, scene: Scene) -> Scene:
    """A piece of white cloth, a little darker in its folds: dresses, collars, sheets, sails."""
    height, width = scene.shape[:2]
    shape = drawing.ragged(rng, height, width, (2, 4, 8))
    edge = np.quantile(shape[::2, ::2], rng.uniform(0.7, 0.98))
    cover = drawing.whole((shape - edge) * rng.uniform(10, 60))
    rows, columns = drawing.grid(height, width)
    angle, pitch = rng.normal(0, 0.5), rng.uniform(6, 40)
    bent = drawing.ragged(rng, height, width, (3, 6)) * rng.uniform(1, 4) * pitch
    folds = np.abs(((columns * math.cos(angle) + rows * math.sin(angle) + bent) / pitch) % 1 - 0.5) * 2
    light = rng.uniform(0.75, 1) - rng.uniform(0, 0.25) * folds - rng.uniform(0, 0.15) * bent / (4 * pitch)
    warm = np.array((1, 1 - rng.uniform(0, 0.06), 1 - rng.uniform(0, 0.15)), np.float32)
    return _covered(scene, cover, np.asarray(np.clip(light, 0, 1)[..., None] * warm, np.float32))


def sheets(rng: Generator, scene: Scene) -> Scene:
    """One to five plain light shapes with smooth outlines: papers, books, windows, hands."""
    height, width = scene.shape[:2]
    for _ in range(rng.integers(1, 6)):
        drawn = drawing.canvas(height, width)
        middle, angle = drawing.anywhere(rng, height, width), rng.uniform(0, math.pi)
        radii = rng.uniform(0.02, 0.16, 2) * min(height, width)
        if rng.random() < 0.6:
            corners = np.array(((-1, -1), (1, -1), (1, 1), (-1, 1))) * radii * rng.uniform(0.6, 1.2, (4, 1))
            along = drawing.towards(angle)
            turned = corners @ np.array((along, (-along[1], along[0]))) + middle
            cv2.fillPoly(drawn, [np.round(turned * drawing.FINE).astype(np.int32)], 255, cv2.LINE_AA)
        else:
            drawing.spot(drawn, middle, (radii[0], radii[1]), math.degrees(angle), 1)
        rows, columns = drawing.grid(height, width)
        slope = (columns - middle[0]) * rng.normal(0, 1) + (rows - middle[1]) * rng.normal(0, 1)
        light = rng.uniform(0.7, 1) + rng.uniform(0, 0.12) * slope / radii.max()
        warm = np.array((1, 1 - rng.uniform(0, 0.08), 1 - rng.uniform(0, 0.2)), np.float32)
        lit = np.asarray(np.clip(light, 0, 1)[..., None] * warm, np.float32)
        scene = _covered(scene, drawing.reduced(drawn), lit)
    return scene


def poles(rng: Generator, scene: Scene) -> Scene:
    """One to four straight bars of 2 to 16 pixels, round or flat: posts, pipes, sticks, table edges."""
    height, width = scene.shape[:2]
    rows, columns = drawing.grid(height, width)
    for _ in range(rng.integers(1, 5)):
        upright = rng.integers(2) * math.pi / 2 + rng.normal(0, 0.08)
        angle = upright if rng.random() < 0.7 else rng.uniform(0, math.pi)
        along, middle = drawing.towards(angle), drawing.anywhere(rng, height, width)
        wide, half = 2 + 14 * rng.uniform(0, 1) ** 2, rng.uniform(0.1, 1) * max(height, width)
        drawn = drawing.canvas(height, width)
        drawing.line(drawn, middle - half * along, middle + half * along, wide, 1)
        across = ((rows - middle[1]) * along[0] - (columns - middle[0]) * along[1]) / wide * 2
        round_, lit_from = rng.uniform(0, 0.6), rng.uniform(-0.8, 0.8)
        shade = 1 - round_ * np.minimum(np.abs(across - lit_from), 1.5)
        colour = np.asarray(shade[..., None] * _colour(rng, scene, LIGHT_LINES), np.float32)
        scene = _covered(scene, drawing.reduced(drawn), np.clip(colour, 0, 1))
    return scene


def roads(rng: Generator, scene: Scene) -> Scene:
    """Two to five bands that widen from a point far away to the lower border: roads, rails, ditches.

    None where there is a wall that could be behind a person."""
    height, width = scene.shape[:2]
    if _surface(rng, scene).any():
        return scene
    drawn = drawing.canvas(height, width)
    far = np.array((rng.uniform(-0.2, 1.2) * width, rng.uniform(0.1, 0.8) * height))
    narrow, growth = rng.uniform(0.4, 2), rng.uniform(0.005, 0.06)
    for _ in range(rng.integers(2, 6)):
        foot = np.array((rng.uniform(-1, 2) * width, 1.05 * height))
        bend, places = rng.normal(0, 0.05) * width, np.linspace(0, 1, 25)
        points = far + places[:, None] * (foot - far)
        points[:, 0] += bend * np.sin(places * math.pi)
        for start, end in pairwise(points):
            drawing.line(drawn, start, end, narrow + growth * float(np.hypot(*(start - far))), 1)
    colour = _colour(rng, scene)
    return _covered(scene, drawing.faint(drawing.reduced(drawn), rng.uniform(0.5, 1)), colour)


def foliage(rng: Generator, scene: Scene) -> Scene:
    """Leaves out of focus over a part of the scene: dark gaps and light spots of 2 to 16 pixels."""
    height, width = scene.shape[:2]
    coarse = min(height, width) / rng.uniform(2, 16)
    leaves = drawing.ragged(rng, height, width, (round(coarse / 2) + 1, round(coarse) + 2), 1.0)
    dark, light = np.quantile(leaves[::2, ::2], (rng.uniform(0.1, 0.5), rng.uniform(0.7, 0.98)))
    sharp = rng.uniform(3, 15)
    gaps, spots = np.clip((dark - leaves) * sharp, 0, 1), np.clip((leaves - light) * sharp, 0, 1)
    factor = 1 - rng.uniform(0.4, 0.9) * gaps + rng.uniform(0, 1.2) * spots
    lit = np.asarray(np.clip(scene * factor[..., None], 0, 1), np.float32)
    return _covered(scene, _within(rng, np.ones((height, width), np.float32)), lit)


LINES: tuple[Decoy, ...] = (
    *(_in_one_colour(pattern, LIGHT_LINES) for pattern in (wires, rigging, railings)),
    _in_one_colour(text),
    poles,
)
BEFORE_SURFACES: tuple[Decoy, ...] = tuple(map(_before_one_surface, LINES))
CLOTH: tuple[Decoy, ...] = (*map(_in_one_colour, (bars, checks)), white_cloth)
KINDS: tuple[Decoy, ...] = (*BEFORE_SURFACES, *CLOTH, sheets, roads, _before_one_surface(foliage))


def _path(drawn: Cover, points: Point, wide: float) -> None:
    for start, end in pairwise(points):
        drawing.line(drawn, start, end, wide, 1)


def _stripes(rng: Generator, across: NDArray[np.float32]) -> NDArray[np.float32]:
    """1 on stripes across ``across`` (pixels) that come again every 4 to 24 pixels, else 0."""
    pitch, share = rng.uniform(4, 24), rng.uniform(0.12, 0.6)
    wave = np.abs((across / pitch) % 1 - 0.5) * 2
    return np.asarray(np.clip((share - wave) * pitch / 2 + 0.5, 0, 1), np.float32)


def _within(rng: Generator, pattern: NDArray[np.float32]) -> Cover:
    """The pattern within a patch of a tenth of the picture to all of it, with a clear border."""
    height, width = pattern.shape
    field = drawing.ragged(rng, height, width, (3, 6))
    inside = np.clip((field - np.quantile(field[::2, ::2], rng.uniform(0, 0.9))) * 60, 0, 1)
    return drawing.whole(np.asarray(pattern * inside, np.float32))
