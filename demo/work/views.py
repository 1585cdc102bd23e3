"""The pictures of a comparison, small enough for a browser, written where the visitor's photo is kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from demo.compare import Difference, coloured, difference, enlarged
from demo.variants import INPUT
from demo.work.sessions import Session
from edge.integers import ceil_div
from edge.photo.bands import Pixels
from edge.restore.cells import shrink

LONGEST_SIDE = 1200
"""Pixels of a picture on the page; larger ones are shrunk by a whole factor."""

WORST_SIDE = 512
"""Pixels of the enlarged square."""

Picture = tuple[str, str]
"""Files of the left and the right half of a slider."""

MARK = (255, 0, 200)
"""The colour of damage and of the boxes round faces: none that photos have."""


@dataclass(frozen=True)
class View:
    """Two restorations side by side, and how they differ."""

    factor: int
    """Each pixel of the small pictures stands for so many, squared."""
    sides: Picture
    difference: Difference
    heat: Picture
    """The right side, and the difference in colours."""
    worst: Picture


@dataclass(frozen=True)
class Found:
    """What was found in a photo."""

    picture: Picture
    """The photo as it was given, without and with marks."""
    said: list[str]


def view(session: Session, left: str, right: str) -> View:
    """Make the pictures for two variants that have results, or the photo as it was given.

    Raises FileNotFoundError if the photo has been removed meanwhile.
    """
    first, second = pixels_of(session, left), pixels_of(session, right)
    factor = ceil_div(max(first.shape[:2]), LONGEST_SIDE)
    found = difference(first, second, factor)
    name = f"{left}-{right}"
    return View(
        factor,
        (_small(session, left, factor), _small(session, right, factor)),
        found,
        (
            _small(session, right, factor),
            _written(session.folder / f"difference-{name}.png", coloured(found.levels, found.scale)),
        ),
        (
            _written(session.folder / f"worst-left-{name}.png", enlarged(first, found.worst, WORST_SIDE)),
            _written(session.folder / f"worst-right-{name}.png", enlarged(second, found.worst, WORST_SIDE)),
        ),
    )


def psnr_between(session: Session, left: str, right: str) -> float:
    """dB between two variants' pixels."""
    return difference(pixels_of(session, left), pixels_of(session, right), 1).psnr


def found(session: Session, variant: str) -> Found:
    """The photo as it was given, with the damage and faces that ``variant`` found marked in it."""
    before = pixels_of(session, INPUT)
    height, width = before.shape[:2]
    factor = ceil_div(max(height, width), LONGEST_SIDE)
    picture = shrink(before, factor)
    said = []
    if session.damage(variant).exists():
        damage = np.load(session.damage(variant))
        side = ceil_div(max(height, width), max(damage.shape))
        down, across = (np.arange(0, length, factor) // side for length in (height, width))
        picture[damage[down[:, None], across]] = MARK
        said.append(f"Damage on {100 * damage.mean():.1f} % of the photo")
    image = Image.fromarray(picture)
    draw = ImageDraw.Draw(image)
    for number, face in enumerate(session.results[variant].faces, 1):
        left, top, wide, high = (place / factor for place in face.box)
        draw.rectangle((left, top, left + wide, top + high), outline=MARK, width=3)
        draw.text((left + 6, top + 4), str(number), fill=MARK, font_size=20)
        state = "refined" if face.refined else "left as it was"
        said.append(f"Face {number}: {100 * face.score:.0f} % sure, {state}")
    marked = _written(session.folder / f"found-{variant}.png", np.asarray(image))
    return Found((_small(session, INPUT, factor), marked), said)


def pixels_of(session: Session, variant: str) -> Pixels:
    """A variant's pixels, mapped from their file."""
    path = session.before if variant == INPUT else session.after(variant)
    return cast(Pixels, np.load(path, mmap_mode="r"))


def _small(session: Session, variant: str, factor: int) -> str:
    path = session.folder / f"{variant}.png"
    return str(path) if path.exists() else _written(path, shrink(pixels_of(session, variant), factor))


def _written(path: Path, picture: NDArray[Any]) -> str:
    # For one look, on this machine: time matters more than size.
    Image.fromarray(picture).save(path, compress_level=1)
    return str(path)
