"""Face refinement: the change that the face network makes, and whether it is applied."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.restore.cells import to_cells, to_pixels
from edge.restore.faces.face import CHANGE_STEP, Change, Face, FaceRecord, feather
from edge.restore.parts import LoadedPart, real, store
from edge.restore.tiling import Box, Placement

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
    steps = (np.clip(refined, 0, 255) - restored) / (255 * CHANGE_STEP)
    return np.asarray(np.round(steps), np.int16)


def judged(face: Face, change: Change) -> FaceRecord:
    """The record of a face, with the decision whether its change is applied."""
    squares = ((change.astype(np.float32) * CHANGE_STEP) ** 2).mean(2)
    amount = float(np.sqrt((squares * feather()).sum() / feather().sum()))
    return FaceRecord(face.box, round(face.score, 3), round(amount, 4), amount <= MAX_CHANGE)
