"""A TIFF writer for 8 and 16 bits that works band by band and keeps the photo's metadata.

Pillow can't write 16-bit colour, drops the EXIF directory from a compressed TIFF, and types of values.
"""

from __future__ import annotations

import struct
import zlib
from typing import BinaryIO

import numpy as np

from edge.photo.bands import Encoded, Pixels
from edge.photo.metadata import resolution
from edge.photo.metadata.fitting import resolution_of
from edge.photo.metadata.tags.directory import LONG, SHORT, UNDEFINED, Directory, Entry, packed
from edge.photo.metadata.tags.tiff import IPTC, RESOURCES, XMP, of_exif

_LEVEL = 3
_DEFLATE, _HORIZONTAL_DIFFERENCES, _STRAIGHT_ALPHA, _UNSPECIFIED = 8, 2, 2, 0
_BYTES, _PROFILE = 1, 34675


def write_tiff(out: BinaryIO, photo: Encoded) -> None:
    """Write a deflated TIFF."""
    out.write(b"II*\0" + bytes(4))
    offsets: list[int] = []
    lengths: list[int] = []
    rows_per_strip = 0
    for band in photo.bands:
        strip = zlib.compress(_differences(band), _LEVEL)
        rows_per_strip = rows_per_strip or band.shape[0]
        offsets.append(out.tell())
        lengths.append(len(strip))
        out.write(strip + bytes(len(strip) % 2))
    metadata = photo.metadata
    entries = [
        _numbers(LONG, 256, photo.width),
        _numbers(LONG, 257, photo.height),
        _numbers(SHORT, 258, *(photo.bits,) * photo.channels),
        _numbers(SHORT, 259, _DEFLATE),
        _numbers(SHORT, 262, 2 if photo.channels >= 3 else 1),
        _numbers(LONG, 273, *offsets),
        _numbers(SHORT, 277, photo.channels),
        _numbers(LONG, 278, rows_per_strip),
        _numbers(LONG, 279, *lengths),
        _numbers(SHORT, 284, 1),
        _numbers(SHORT, 317, _HORIZONTAL_DIFFERENCES),
        *resolution.entries(resolution_of(metadata)),
    ]
    if photo.channels in (2, 4):
        entries.append(_numbers(SHORT, 338, _UNSPECIFIED if photo.infrared else _STRAIGHT_ALPHA))
    values = (
        (XMP, _BYTES, metadata.xmp),
        (IPTC, UNDEFINED, metadata.iptc),
        (RESOURCES, _BYTES, metadata.resources),
        (_PROFILE, UNDEFINED, metadata.icc),
    )
    entries += [Entry(tag, kind, value) for tag, kind, value in values if value]
    described = of_exif(metadata.exif)
    directory = Directory(described.entries | {entry.tag: entry for entry in entries}, described.below)
    start = out.tell()
    out.write(packed(directory, start))
    out.seek(4)
    out.write(struct.pack("<I", start))


def _numbers(kind: int, tag: int, *values: int) -> Entry:
    return Entry(tag, kind, struct.pack(f"<{len(values)}{'H' if kind == SHORT else 'I'}", *values))


def _differences(band: Pixels) -> bytes:
    """The band's samples, each as the difference from the same channel of the pixel to the left."""
    stored = np.array(band, dtype=band.dtype.newbyteorder("<"), order="C")
    np.subtract(band[:, 1:], band[:, :-1], out=stored[:, 1:], casting="unsafe")
    return stored.tobytes()
