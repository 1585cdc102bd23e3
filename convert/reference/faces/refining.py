"""Faces of a restored photo, refined by a published generator in either preset's way."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from convert.reference.faces.published import Pasted, aligned, aligning, matched, paste, vanishes
from convert.reference.nets import FaceGenerator
from edge.errors import NetworkFailed
from edge.photo.bands import Pixels
from edge.restore.faces.face import Face, FaceRecord, take
from edge.restore.faces.refine import change_to, judged, refine

OnFace = Callable[[], None]
"""Called after each face that the generator has refined."""


def refine_faces(
    pixels: Pixels,
    faces: Sequence[Face],
    generator: FaceGenerator,
    strength: float,
    gray: bool,
    on_face: OnFace,
) -> tuple[FaceRecord, ...]:
    """Refine the faces of a photo ``(H, W[, 3])`` in place, as on the mobile path.

    The generator's change is added under a feather, unless it is too large. ``gray``: all colours get the
    same change. Raises NetworkFailed before any pixel is changed.
    """
    changes = []
    for face in faces:
        seen = take(pixels, face, generator.side)
        changes.append(change_to(generated(generator, seen), seen))
        on_face()
    return refine(pixels, faces, changes, strength, gray)


def refine_faces_as_published(
    pixels: Pixels, faces: Sequence[Face], generator: FaceGenerator, strength: float, on_face: OnFace
) -> tuple[FaceRecord, ...]:
    """Refine the faces of a photo ``(H, W, 3)`` in place: each replaces the photo's, its histogram matched,
    under a mask that fades out over some 25 pixels of the photo. All faces are seen as restored.

    Raises NetworkFailed before any pixel is changed.
    """
    records, pasted = [], []
    for face in faces:
        matrix = aligning(face.points, generator.side)
        visible = not vanishes(matrix, generator.side)
        change = 0.0
        if visible:
            seen = aligned(pixels, matrix, generator.side)
            painted = np.floor(generated(generator, seen) + 0.5).astype(np.uint8)
            pasted.append(Pasted(matched(painted, seen), matrix))
            change = judged(face, change_to(pasted[-1].face.astype(np.float32), seen)).change
        records.append(FaceRecord(face.box, round(face.score, 3), change, visible))
        on_face()
    paste(pixels, pasted, strength)
    return tuple(records)


@torch.no_grad()
def generated(generator: FaceGenerator, face: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What the generator makes of an aligned face ``(side, side, 3)``: 0..255. Raises NetworkFailed."""
    device = generator.fc.weight.device
    seen = torch.from_numpy(face).to(device).permute(2, 0, 1)[None].float()
    painted = generator(seen.div_(127.5).sub_(1))[0].permute(1, 2, 0)
    values: NDArray[np.float32] = painted.add(1).mul(127.5).clamp(0, 255).cpu().numpy()
    if not np.isfinite(values).all():
        raise NetworkFailed(
            "The face network returned values that are not finite: import the weights again, or leave "
            "faces alone with --no-faces."
        )
    return values
