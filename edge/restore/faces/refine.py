"""Face refinement: the change that the face network makes, and whether it is applied."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edge.photo.bands import Pixels
from edge.restore.faces.face import CHANGE_STEP, Change, Face, FaceRecord, feather, put_back
from edge.restore.tiles.cells import to_cells, to_pixels
from edge.restore.tiles.parts import LoadedPart, real, store
from edge.restore.tiles.tiling import Box, Placement

MAX_CHANGE = 0.12
"""Root of the mean squared change, 0..1, from which a refinement is rejected as another face."""


def refined(part: LoadedPart, before: NDArray[np.uint8], restored: NDArray[np.uint8]) -> Change:
    """The change ``(256, 256, 3)`` for an aligned face, from its crops before and after restoring."""
    stride, spec = part.part.stride, part.artifact.outputs[0]
    lookup = store(np.arange(256) / 255, part.artifact.inputs[0])
    cells = np.concatenate([to_cells(each, stride) for each in (before, restored)], axis=2)
    rows, columns = part.sizes()[0]
    output = part.run(Placement(Box(0, 0, rows, columns), 0), [lookup[cells]])
    # The network's change is relative to the face before; the photo holds the restored one.
    refined = before + 255 * to_pixels(real(output, spec), stride)
    return change_to(np.clip(refined, 0, 255), restored)


def change_to(refined: NDArray[np.float32], restored: NDArray[np.uint8]) -> Change:
    """The change, in steps, of an aligned face to the ``refined`` one; both in 0..255."""
    return np.asarray(np.round((refined - restored) / (255 * CHANGE_STEP)), np.int16)


def judged(face: Face, change: Change) -> FaceRecord:
    """The record of a face, with the decision whether its change is applied."""
    squares = ((change.astype(np.float32) * CHANGE_STEP) ** 2).mean(2)
    weight = feather(len(change))
    amount = float(np.sqrt((squares * weight).sum() / weight.sum()))
    return FaceRecord(face.box, round(face.score, 3), round(amount, 4), amount <= MAX_CHANGE)


def refine(
    pixels: Pixels, faces: Sequence[Face], changes: Sequence[Change], strength: float, gray: bool
) -> tuple[FaceRecord, ...]:
    """Add to the faces of a photo, in place, those changes that are to be trusted; the faces' records."""
    records = tuple(map(judged, faces, changes))
    kept = [index for index, record in enumerate(records) if record.refined]
    put_back(pixels, [faces[i] for i in kept], [changes[i] for i in kept], strength, gray)
    return records


def in_words(records: Sequence[FaceRecord]) -> list[str]:
    """The step in words; empty where no face was refined."""
    count = sum(record.refined for record in records)
    return [f"{count} {'face' if count == 1 else 'faces'} refined"] if count else []
