"""The published preset's resizing of a photo, and places in it in the pixels of the photo as given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import msgspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edge.photo.bands import Pixels
from edge.photo.photo import Photo
from edge.restore.faces.face import FaceRecord
from edge.restore.options import Options

MIN_SIDE = 16
"""Smaller photos are enlarged, or mirrored, up to this: the networks look further than their borders."""


def resized(photo: Photo, scratched: bool) -> Photo:
    """As published: sides rounded to multiples of 4 (bilinear), or with scratches of 16 (bicubic)."""
    multiple = 16 if scratched else 4
    rows, columns = (max(MIN_SIDE, round(side / multiple) * multiple) for side in photo.pixels.shape[:2])
    kind = Image.Resampling.BICUBIC if scratched else Image.Resampling.BILINEAR
    if (rows, columns) == photo.pixels.shape[:2]:
        return photo

    def made(plane: Pixels) -> NDArray[np.float32]:
        image = Image.fromarray(plane if plane.dtype == np.uint8 else plane.astype(np.float32))
        return np.asarray(image.resize((columns, rows), kind), np.float32)

    def whole(pixels: Pixels) -> Pixels:
        planes = [made(np.ascontiguousarray(plane)) for plane in np.moveaxis(np.atleast_3d(pixels), 2, 0)]
        values = np.stack(planes, axis=2).reshape(rows, columns, *pixels.shape[2:])
        limits = np.iinfo(pixels.dtype)
        return cast(Pixels, np.clip(np.round(values), 0, limits.max).astype(pixels.dtype))

    alpha = None if photo.alpha is None else whole(photo.alpha)
    return replace(photo, pixels=whole(photo.pixels), alpha=alpha)


def scaled(options: Options, given: Sequence[int], shape: Sequence[int]) -> Options:
    """The options with the boxes of faces, marked in a photo of ``given`` rows and columns, in one of
    ``shape``."""
    if not isinstance(options.faces, tuple):
        return options
    down, across = shape[0] / given[0], shape[1] / given[1]
    boxes = tuple((x * across, y * down, w * across, h * down) for x, y, w, h in options.faces)
    return replace(options, faces=boxes)


def in_size(
    records: Sequence[FaceRecord], shape: Sequence[int], given: Sequence[int]
) -> tuple[FaceRecord, ...]:
    """Records of a photo of ``shape`` with boxes in the pixels of the photo as given."""
    down, across = given[0] / shape[0], given[1] / shape[1]
    boxes = [
        (round(x * across), round(y * down), round(w * across), round(h * down))
        for x, y, w, h in (record.box for record in records)
    ]
    return tuple(
        msgspec.structs.replace(record, box=box) for record, box in zip(records, boxes, strict=True)
    )
