"""A TIFF's tags: those that describe the photo become an EXIF block, those of the file are left out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import BinaryIO

from edge.photo.metadata import resolution
from edge.photo.metadata.resolution import Resolution
from edge.photo.metadata.tags.directory import (
    EXIF,
    GPS,
    LONG,
    SHORT,
    Directory,
    Entry,
    Reader,
    packed,
)
from edge.photo.metadata.tags.exif import exif_directory

ORIENTATION, XMP, IPTC, RESOURCES = 274, 700, 33723, 34377
_LAYERS = 37724

# How this file stores its pixels, and what is carried by other means.
_STORAGE = {
    *range(254, 269),
    *range(273, 285),
    *range(288, 294),
    296,
    301,
    317,
    *range(320, 337),
    *range(338, 368),
    400,
    *range(401, 405),
    *range(433, 436),
    *range(512, 533),
    559,
    XMP,
    *range(32931, 33000),
    33421,
    33422,
    IPTC,
    RESOURCES,
    34665,
    34675,
    34853,
    _LAYERS,
    *range(50706, 50828),
    *range(50879, 51200),
}
_HEAD = b"II*\0\x08\0\0\0"
_MAX_VALUE = 1 << 20


@dataclass(frozen=True)
class TiffMetadata:
    """What the directory of a TIFF's page says; nothing is made upright yet."""

    exif: bytes | None = None
    orientation: int | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    resources: bytes = b""
    resolution: Resolution = field(default_factory=Resolution)
    lost: tuple[str, ...] = ()


def read_tiff(source: BinaryIO, place: int) -> TiffMetadata:
    """The metadata of the page whose directory lies at ``place``."""
    try:
        found = Reader(source).at(place)
    except ValueError:
        return TiffMetadata()
    entries = found.entries
    orientation = entries.get(ORIENTATION)
    number = int.from_bytes(orientation.data[:2], "little") if orientation else None
    is_short = orientation is not None and orientation.kind == SHORT
    described = descriptive(found)
    lost = ("Photoshop's layers, which show the photo as it was",) if _LAYERS in entries else ()
    return TiffMetadata(
        _HEAD + packed(described, len(_HEAD)) if described else None,
        None if number is None else number if 1 <= number <= 8 and is_short else 1,
        entries[XMP].data if XMP in entries else None,
        _iptc(entries[IPTC]) if IPTC in entries else None,
        entries[RESOURCES].data if RESOURCES in entries else b"",
        resolution.of_directory(found),
        lost,
    )


def _iptc(entry: Entry) -> bytes:
    """The records; some writers call them numbers without giving them the file's byte order."""
    data = entry.data
    if entry.kind == LONG and data[:1] != b"\x1c" and data[3:4] == b"\x1c":
        return b"".join(data[place : place + 4][::-1] for place in range(0, len(data), 4))
    return data


def descriptive(directory: Directory) -> Directory:
    """The entries that describe the photo, with EXIF and GPS."""
    entries = {
        tag: entry
        for tag, entry in directory.entries.items()
        if tag not in _STORAGE and len(entry.data) <= _MAX_VALUE
    }
    return Directory(entries, {tag: below for tag, below in directory.below.items() if tag in (EXIF, GPS)})


def of_exif(exif: bytes | None) -> Directory:
    """The directory of a TIFF that carries an EXIF block."""
    return descriptive(exif_directory(exif)) if exif else Directory({}, {})
