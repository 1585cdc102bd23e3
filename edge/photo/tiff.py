"""A TIFF writer for 8 and 16 bits that works band by band and keeps the photo's metadata.

Pillow can't write 16-bit colour, and drops the EXIF directory from a compressed TIFF.
"""

from __future__ import annotations

import struct
import zlib
from typing import Any, BinaryIO

import numpy as np
from PIL import Image
from PIL.TiffImagePlugin import IFDRational, ImageFileDirectory_v2

from edge.photo.bands import Encoded, Pixels

_LEVEL = 3
_DEFLATE, _HORIZONTAL_DIFFERENCES, _STRAIGHT_ALPHA, _INCHES = 8, 2, 2, 2
_EXIF_DIRECTORY, _GPS_DIRECTORY, _INTEROPERABILITY = 0x8769, 0x8825, 0xA005
_STRIP_OFFSETS = 273
_BYTES, _UNDEFINED, _LONG = 1, 7, 4

# What describes the photo rather than how this file stores it: description, maker, model,
# software, time, artist, computer, rating, copyright.
_DESCRIPTIVE_TAGS = (270, 271, 272, 305, 306, 315, 316, 0x4746, 0x4749, 33432)


def exif_block(image: Image.Image) -> bytes | None:
    """A TIFF's descriptive tags, EXIF and GPS as an EXIF block without prefix, if it has any."""
    source = image.getexif()
    block = Image.Exif()
    for tag in _DESCRIPTIVE_TAGS:
        if tag in source:
            block[tag] = source[tag]
    for directory in (_EXIF_DIRECTORY, _GPS_DIRECTORY):
        entries = dict(source.get_ifd(directory))
        entries.pop(_INTEROPERABILITY, None)
        if entries:
            block.get_ifd(directory).update(entries)
    written = block.tobytes().removeprefix(b"Exif\0\0")
    return (
        written if len(block) or block.get_ifd(_EXIF_DIRECTORY) or block.get_ifd(_GPS_DIRECTORY) else None
    )


def write_tiff(out: BinaryIO, photo: Encoded) -> None:
    """Write a deflated TIFF. The photo's EXIF is as from `exif_block`."""
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

    directory = ImageFileDirectory_v2()
    if photo.metadata.exif is not None:
        _carry_exif(directory, photo.metadata.exif)
    tags: dict[int, Any] = {
        256: photo.width,
        257: photo.height,
        258: (photo.bits,) * photo.channels,
        259: _DEFLATE,
        262: 2 if photo.channels >= 3 else 1,
        277: photo.channels,
        278: rows_per_strip,
        284: 1,
        317: _HORIZONTAL_DIFFERENCES,
    }
    directory.tagtype.update({_STRIP_OFFSETS: _LONG, 279: _LONG, 700: _BYTES, 34675: _UNDEFINED})
    tags |= {_STRIP_OFFSETS: tuple(offsets), 279: tuple(lengths)}
    if photo.channels in (2, 4):
        tags[338] = _STRAIGHT_ALPHA
    if photo.metadata.dpi is not None:
        tags |= {282: _rational(photo.metadata.dpi[0]), 283: _rational(photo.metadata.dpi[1]), 296: _INCHES}
    if photo.metadata.icc is not None:
        tags[34675] = photo.metadata.icc
    if photo.metadata.xmp is not None:
        tags[700] = photo.metadata.xmp
    for tag, value in tags.items():
        directory[tag] = value
    start = out.tell()
    out.write(_with_offsets(directory.tobytes(start), start, offsets))
    out.seek(4)
    out.write(struct.pack("<I", start))


def _with_offsets(directory: bytes, start: int, offsets: list[int]) -> bytes:
    """Restore the strips' offsets: Pillow shifts them, assuming that the strips follow the directory."""
    packed = bytearray(directory)
    for entry in range(2, len(packed), 12):
        tag, _, count, value = struct.unpack_from("<HHII", packed, entry)
        if tag == _STRIP_OFFSETS:
            place = entry + 8 if count == 1 else value - start
            struct.pack_into(f"<{count}I", packed, place, *offsets)
            break
    return bytes(packed)


def _differences(band: Pixels) -> bytes:
    """The band's samples, each as the difference from the same channel of the pixel to the left."""
    stored = np.array(band, dtype=band.dtype.newbyteorder("<"), order="C")
    np.subtract(band[:, 1:], band[:, :-1], out=stored[:, 1:], casting="unsafe")
    return stored.tobytes()


def _carry_exif(directory: ImageFileDirectory_v2, exif: bytes) -> None:
    block = Image.Exif()
    block.load(b"Exif\0\0" + exif)
    for tag in _DESCRIPTIVE_TAGS:
        if tag in block:
            directory[tag] = block[tag]
    for tag in (_EXIF_DIRECTORY, _GPS_DIRECTORY):
        if entries := block.get_ifd(tag):
            directory[tag] = dict(entries)


def _rational(value: float) -> IFDRational:
    return IFDRational(round(value * 10000), 10000)
