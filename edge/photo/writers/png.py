"""A PNG writer for 8 and 16 bits that works band by band.

Pillow can't write 16-bit colour, and needs a second copy of the photo.
"""

from __future__ import annotations

import struct
import zlib
from typing import BinaryIO

import numpy as np

from edge.photo.bands import Encoded, Pixels
from edge.photo.metadata.writing import png_chunks

_COLOR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}
_LEVEL = 3
_SUB = 1


def write_png(out: BinaryIO, photo: Encoded) -> None:
    """Write a PNG."""
    out.write(b"\x89PNG\r\n\x1a\n")
    kind = photo.bits, _COLOR_TYPES[photo.channels], 0, 0, 0
    _chunk(out, b"IHDR", struct.pack(">IIBBBBB", photo.width, photo.height, *kind))
    if photo.metadata.icc is not None:
        _chunk(out, b"iCCP", b"ICC profile\0\0" + zlib.compress(photo.metadata.icc))
    for name, content in png_chunks(photo.metadata, photo.channels):
        _chunk(out, name, content)
    packer = zlib.compressobj(_LEVEL)
    for band in photo.bands:
        if packed := packer.compress(_filtered(band, photo.channels * photo.bits // 8)):
            _chunk(out, b"IDAT", packed)
    _chunk(out, b"IDAT", packer.flush())
    _chunk(out, b"IEND", b"")


def _filtered(band: Pixels, pixel_bytes: int) -> bytes:
    """The band's rows, each as differences from the pixel to the left, byte by byte."""
    big_endian = band.astype(band.dtype.newbyteorder(">"), copy=False)
    stored = np.ascontiguousarray(big_endian).view(np.uint8).reshape(band.shape[0], -1)
    rows = np.empty((stored.shape[0], stored.shape[1] + 1), np.uint8)
    rows[:, 0] = _SUB
    rows[:, 1 : 1 + pixel_bytes] = stored[:, :pixel_bytes]
    np.subtract(stored[:, pixel_bytes:], stored[:, :-pixel_bytes], out=rows[:, 1 + pixel_bytes :])
    return rows.tobytes()


def _chunk(out: BinaryIO, name: bytes, content: bytes) -> None:
    out.write(struct.pack(">I", len(content)) + name)
    out.write(content)
    out.write(struct.pack(">I", zlib.crc32(content, zlib.crc32(name))))
