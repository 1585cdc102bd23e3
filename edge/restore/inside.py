"""The picture inside its mount: what of a photo is restored, and how places in it become the photo's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec
import numpy as np

from edge.integers import ceil_div
from edge.photo.metadata.cropping import cropped
from edge.photo.metadata.xmp.regions import Crop
from edge.photo.photo import Photo
from edge.restore.damage.mask import Damage
from edge.restore.faces.face import Face, FaceRecord
from edge.restore.mount import find_picture
from edge.restore.options import Options
from edge.restore.tiles.tiling import Box


@dataclass(frozen=True)
class Inside:
    """The part of a photo that is restored."""

    photo: Photo
    """Views of the whole photo's pixels, alpha, samples and infrared channel."""
    box: Box
    """Where they lie in the whole photo, in pixels."""
    shape: tuple[int, int]
    """Height and width of the whole photo."""

    @property
    def has_mount(self) -> bool:
        """Whether something lies outside."""
        return (self.box.rows, self.box.columns) != self.shape

    def alone(self, restored: Photo) -> Photo:
        """The restored inside as a photo of its own: its metadata is that of a crop."""
        if not self.has_mount:
            return restored
        height, width = self.shape
        crop = Crop(self.box.left, self.box.top, self.box.columns, self.box.rows)
        return replace(restored, metadata=cropped(restored.metadata, crop, width, height))

    def marked(self, options: Options) -> Options:
        """The options with the boxes of faces, marked in the whole photo, moved to the inside."""
        if not isinstance(options.faces, tuple):
            return options
        left, top = self.box.left, self.box.top
        return replace(options, faces=tuple((x - left, y - top, w, h) for x, y, w, h in options.faces))

    def drawn(self, mask: Damage) -> Damage:
        """The inside of a painted mask of the whole photo."""
        box = self.box
        return Damage(mask.mask[box.top : box.bottom, box.left : box.right], 1)

    def faces(self, found: Sequence[Face]) -> list[Face]:
        """The faces in the whole photo's pixels."""
        shift = np.array((self.box.left, self.box.top))
        return [Face(face.points + shift, face.score) for face in found]

    def records(self, faces: Sequence[FaceRecord]) -> tuple[FaceRecord, ...]:
        """The records of faces with boxes in the whole photo's pixels."""
        moved = []
        for face in faces:
            x, y, width, height = face.box
            box = x + self.box.left, y + self.box.top, width, height
            moved.append(msgspec.structs.replace(face, box=box))
        return tuple(moved)

    def damage(self, found: Damage | None) -> Damage | None:
        """The damage in the whole photo: a square of ``factor`` pixels is as its middle."""
        if found is None or not self.has_mount:
            return found
        factor, box = found.factor, self.box
        height, width = (ceil_div(side, factor) for side in self.shape)
        rows = np.clip(factor * np.arange(height) + factor // 2, box.top, box.bottom - 1)
        columns = np.clip(factor * np.arange(width) + factor // 2, box.left, box.right - 1)
        mask = found.mask[((rows - box.top) // factor)[:, None], (columns - box.left) // factor]
        mask[: box.top // factor] = mask[:, : box.left // factor] = False
        mask[ceil_div(box.bottom, factor) :] = mask[:, ceil_div(box.right, factor) :] = False
        return Damage(mask, factor)


def inside(photo: Photo) -> Inside:
    """The picture within the photo's mount; all of the photo where it has none."""
    shape = (photo.pixels.shape[0], photo.pixels.shape[1])
    box = find_picture(photo.pixels)
    if box is None:
        return Inside(photo, Box(0, 0, *shape), shape)
    rows, columns = slice(box.top, box.bottom), slice(box.left, box.right)
    planes = {
        name: plane[rows, columns]
        for name in ("pixels", "alpha", "samples", "infrared")
        if (plane := getattr(photo, name)) is not None
    }
    return Inside(replace(photo, **planes), box, shape)
