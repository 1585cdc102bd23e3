"""Scans of real dirt, lint, scratches and stains, to lay on pictures as further kinds of damage."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator

from convert.errors import PhotoSetError
from convert.oldphotos.damage import drawing
from convert.oldphotos.damage.layers import Cover, Layer
from convert.oldphotos.photosets import UndecodedPicture, picture
from convert.oldphotos.sources import SetAside, files_of, shown, summary

SHARES = {
    "scratches": 0.4,
    "dirt": 0.3,
    "lint": 0.25,
    "spots": 0.3,
    "sprinkles": 0.3,
    "hair-short": 0.2,
    "smut": 0.15,
    "dots": 0.12,
    "stain": 0.1,
}
"""The share of damaged pictures that shows each kind; kinds of other names are shown in `OTHERS`."""
OTHERS = 0.15
WIDE = ("scratches", "sprinkles", "dirt")
"""Kinds that are spread over the picture; the others are laid on smaller."""

Overlays = Mapping[str, tuple[Cover, ...]]
"""For each kind, opacities ``(H, W)``."""


def load_overlays(source: Path, aside: list[SetAside] | None = None) -> Overlays:
    """The overlays of a folder or tar file: gray PNGs, white where damage is, in a folder for each kind.

    What can't be decoded, or is too large, is added to ``aside``. Raises PhotoSetError.
    """
    kinds: dict[str, list[Cover]] = {}
    aside = [] if aside is None else aside
    for path, data in files_of(source, (".png",), aside):
        try:
            cover = picture(data, ("PNG",), "L")
        except UndecodedPicture as error:
            aside.append(SetAside(shown(path), str(error)))
            continue
        if cover is not None:
            kinds.setdefault(path.parent.name, []).append(cover)
    if not kinds:
        because = "".join(f" {sentence}" for sentence in summary(aside, named=1))
        raise PhotoSetError(
            f"There are no PNGs in {source}: give a folder or tar of overlays by kind.{because}"
        )
    return {kind: tuple(covers) for kind, covers in kinds.items()}


def draw(rng: Generator, height: int, width: int, overlays: Overlays, kind: str) -> list[Layer]:
    """One overlay of ``kind`` at a random place, size and angle."""
    covers = overlays[kind]
    scan = covers[rng.integers(len(covers))]
    if rng.random() < 0.5:
        scan = np.ascontiguousarray(scan[:, ::-1])
    scale = rng.uniform(0.35, 2) * max(height, width) / 400
    scale *= 1.6 if kind in WIDE else rng.uniform(0.2, 1)
    middle = scan.shape[1] / 2, scan.shape[0] / 2
    turn = cv2.getRotationMatrix2D(middle, rng.uniform(0, 360), scale)
    turn[:, 2] += drawing.anywhere(rng, height, width) - middle
    if scale < 0.7:
        # What is shrunk far is smoothed first: warping takes single pixels.
        scan = np.asarray(cv2.GaussianBlur(scan, (0, 0), 0.4 / scale), np.uint8)
    laid = np.asarray(cv2.warpAffine(scan, turn, (width, height), flags=cv2.INTER_LINEAR), np.uint8)
    return [Layer(drawing.faint(laid, rng.uniform(0.4, 1)), drawing.paint(rng, texture=0.03))]
