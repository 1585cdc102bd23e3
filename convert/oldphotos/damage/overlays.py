"""Scans of real dirt, lint, scratches and stains, to lay on pictures as further kinds of damage."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath

import cv2
import numpy as np
from numpy.random import Generator
from PIL import Image

from convert.errors import PhotoSetError
from convert.oldphotos.damage import drawing
from convert.oldphotos.damage.layers import Cover, Layer

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


def load_overlays(source: Path) -> Overlays:
    """The overlays of a folder or tar file: gray PNGs, white where damage is, in a folder for each kind.

    Raises PhotoSetError.
    """
    kinds: dict[str, list[Cover]] = {}
    for name, data in _files(source):
        try:
            with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
                cover = np.array(image.convert("L"))
        except (OSError, ValueError, SyntaxError) as error:
            reason = f"{name} can't be decoded ({error}): remove it from the overlays."
            raise PhotoSetError(reason) from error
        kinds.setdefault(name.parent.name, []).append(cover)
    if not kinds:
        raise PhotoSetError(f"There are no PNGs in {source}: give a folder or tar of overlays by kind.")
    return {kind: tuple(covers) for kind, covers in kinds.items()}


def _files(source: Path) -> Iterator[tuple[PurePath, bytes]]:
    if source.is_dir():
        for path in sorted(source.rglob("*.png")):
            yield path.relative_to(source.parent), path.read_bytes()
        return
    with tarfile.open(source) as archive:
        for member in sorted(archive.getmembers(), key=lambda entry: entry.name):
            stream = archive.extractfile(member) if member.name.endswith(".png") else None
            if stream is not None:
                yield PurePath(member.name), stream.read()


def draw(rng: Generator, height: int, width: int, overlays: Overlays, kind: str) -> list[Layer]:
    """One overlay of ``kind`` at a random place, size and angle."""
    covers = overlays[kind]
    scan = covers[rng.integers(len(covers))]
    if rng.random() < 0.5:
        scan = np.ascontiguousarray(scan[:, ::-1])
    scale = rng.uniform(0.35, 1.4) * max(height, width) / 400
    scale *= 1.6 if kind in WIDE else rng.uniform(0.2, 1)
    middle = scan.shape[1] / 2, scan.shape[0] / 2
    turn = cv2.getRotationMatrix2D(middle, rng.uniform(0, 360), scale)
    turn[:, 2] += drawing.anywhere(rng, height, width) - middle
    if scale < 0.7:
        # What is shrunk far is smoothed first: warping takes single pixels.
        scan = np.asarray(cv2.GaussianBlur(scan, (0, 0), 0.4 / scale), np.uint8)
    laid = np.asarray(cv2.warpAffine(scan, turn, (width, height), flags=cv2.INTER_LINEAR), np.uint8)
    return [Layer(drawing.faint(laid, rng.uniform(0.4, 1)), drawing.paint(rng, texture=0.03))]
