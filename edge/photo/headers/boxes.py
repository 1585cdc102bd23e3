"""Headers of HEIC and AVIF: boxes inside of boxes.

The libraries that decode them read the sizes without decoding; here is checked what they do not say.
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from edge.photo.headers.checks import Header, broken
from edge.photo.headers.kinds import ReadFormat

_MAX_META = 4 << 20
_MAX_BOXES = 1000
_COLOURS = b"colrnclx"
# Code points of ITU-T H.273: these primaries with these curves are shown as sRGB, or say nothing.
_SRGB_PRIMARIES, _SRGB_CURVES = {1, 2}, {1, 2, 6, 13}


def read_box_header(form: ReadFormat, source: BinaryIO, path: Path, max_pixels: int) -> Header:
    """Find the colours that a file without a profile states.

    The whole file is read to decode it, so its length is bounded by what the pixels can need.
    """
    length = source.seek(0, 2)
    if length > 8 * max_pixels + (64 << 20):
        raise broken(path)
    meta = _meta(source, length)
    if meta is None:
        raise broken(path)
    place = meta.find(_COLOURS) + len(_COLOURS)
    stated = meta[place : place + 7]
    if place < len(_COLOURS) or len(stated) < 7:
        return Header(form)
    primaries, curve = stated[1], stated[3]
    if primaries in _SRGB_PRIMARIES and curve in _SRGB_CURVES:
        return Header(form)
    return Header(form, cicp=bytes([primaries, curve, 0, 1]))


def _meta(source: BinaryIO, length: int) -> bytes | None:
    """The content of the box that describes the pictures, or as much of it as it may need."""
    place = 0
    for _ in range(_MAX_BOXES):
        source.seek(place)
        start = source.read(16)
        size = int.from_bytes(start[:4], "big")
        if size == 1:
            size = int.from_bytes(start[8:16], "big")
        if size == 0:
            size = length - place
        if len(start) < 8 or size < 8 or place + size > length:
            return None
        if start[4:8] == b"meta":
            source.seek(place)
            return source.read(min(size, _MAX_META))
        place += size
    return None
