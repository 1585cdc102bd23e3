"""The pictures of a comparison, small enough for a browser, written to the session's folder."""

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
from edge.restore.tiles.cells import shrink

LONGEST_SIDE = 1200
"""Longest side in pixels of a picture on the page; larger ones are shrunk by a whole factor."""

WORST_SIDE = 512
"""Side in pixels of the enlarged square."""

Picture = tuple[str, str]
"""Files of the left and the right half of a slider."""

MARK = (255, 0, 200)
"""The colour of damage and face boxes: rare in photos."""


@dataclass(frozen=True)
class View:
    """Two restorations side by side, and their difference."""

    factor: int
    """A pixel of the small pictures stands for ``factor`` x ``factor`` pixels."""
    sides: Picture
    difference: Difference
    heat: Picture
    """The right side, and the coloured difference."""
    worst: Picture


@dataclass(frozen=True)
class Found:
    """The damage and faces found in a photo."""

    picture: Picture
    """The input photo, without and with marks."""
    sentences: list[str]
    """Without full stops."""


def view(session: Session, left: str, right: str) -> View:
    """Write the pictures that compare two variants with results, or a variant and `INPUT`.

    Raises:
        FileNotFoundError: The session has been removed meanwhile.
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
    """PSNR in dB between two variants."""
    return difference(pixels_of(session, left), pixels_of(session, right), 1).psnr


def found(session: Session, variant: str) -> Found:
    """Mark the damage and faces that ``variant`` found in the input photo."""
    before = pixels_of(session, INPUT)
    height, width = before.shape[:2]
    factor = ceil_div(max(height, width), LONGEST_SIDE)
    picture = shrink(before, factor)
    sentences = []
    if session.damage(variant).exists():
        damage = np.load(session.damage(variant))
        side = ceil_div(max(height, width), max(damage.shape))
        down, across = (np.arange(0, length, factor) // side for length in (height, width))
        picture[damage[down[:, None], across]] = MARK
        sentences.append(f"Damage on {100 * damage.mean():.1f} % of the photo")
    image = Image.fromarray(picture)
    draw = ImageDraw.Draw(image)
    for number, face in enumerate(session.results[variant].faces, 1):
        left, top, wide, high = (place / factor for place in face.box)
        draw.rectangle((left, top, left + wide, top + high), outline=MARK, width=3)
        draw.text((left + 6, top + 4), str(number), fill=MARK, font_size=20)
        state = "refined" if face.refined else "left as it was"
        sentences.append(f"Face {number}: {100 * face.score:.0f} % sure, {state}")
    marked = _written(session.folder / f"found-{variant}.png", np.asarray(image))
    return Found((_small(session, INPUT, factor), marked), sentences)


def pixels_of(session: Session, variant: str) -> Pixels:
    """A variant's pixels, memory-mapped."""
    path = session.before if variant == INPUT else session.after(variant)
    return cast(Pixels, np.load(path, mmap_mode="r"))


def _small(session: Session, variant: str, factor: int) -> str:
    path = session.folder / f"{variant}.png"
    return str(path) if path.exists() else _written(path, shrink(pixels_of(session, variant), factor))


def _written(path: Path, picture: NDArray[Any]) -> str:
    # For a single view on this machine: speed matters more than size.
    Image.fromarray(picture).save(path, compress_level=1)
    return str(path)
