"""Directories of TIFF, in files and EXIF blocks: entries with their bytes, uninterpreted.

Files are untrusted: what lies outside the file is left out, and all values together are limited.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO

from edge.photo.headers.directories import TIFF_SIGNATURES

EXIF, GPS, INTEROPERABILITY = 0x8769, 0x8825, 0xA005
ASCII, SHORT, LONG, RATIONAL, UNDEFINED = 2, 3, 4, 5, 7

_POINTERS = (EXIF, GPS, INTEROPERABILITY)
# Bytes of a value, and of the numbers in it that have a byte order, by type.
_KINDS = {
    **dict.fromkeys((1, 2, 6, 7, 129), (1, 1)),
    **dict.fromkeys((3, 8), (2, 2)),
    **dict.fromkeys((4, 9, 11, 13), (4, 4)),
    **dict.fromkeys((5, 10), (8, 4)),
    **dict.fromkeys((12, 16, 17, 18), (8, 8)),
}
_LARGE_KINDS = {16: LONG, 17: 9, 18: LONG}
_MAX_ENTRIES, _MAX_BYTES = 4096, 64 << 20


@dataclass(frozen=True)
class Entry:
    """One entry; its values are little-endian."""

    tag: int
    kind: int
    data: bytes

    @property
    def count(self) -> int:
        return len(self.data) // _KINDS[self.kind][0]


@dataclass
class Directory:
    """A directory with those that its pointers name: EXIF, GPS, interoperability."""

    entries: dict[int, Entry]
    below: dict[int, Directory]

    def __bool__(self) -> bool:
        return bool(self.entries or self.below)


class Reader:
    """Reads directories of an opened TIFF or of a block that is one.

    Raises:
        ValueError: It does not begin as a TIFF does.
    """

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._length = source.seek(0, 2)
        self._left = _MAX_BYTES
        source.seek(0)
        start = source.read(16)
        if len(start) < 8 or start[:4] not in TIFF_SIGNATURES:
            raise ValueError("no TIFF")
        self._order = "<" if start[:2] == b"II" else ">"
        self._large = b"+" in start[2:4]
        letter = "Q" if self._large else "I"
        (self.first,) = struct.unpack_from(
            self._order + letter, start.ljust(16, b"\0"), 8 if self._large else 4
        )

    def at(self, place: int, pointers: Iterable[int] = (EXIF, GPS)) -> Directory:
        """The directory at this place; empty where there is none."""
        found = Directory({}, {})
        count_form, form = ("Q", "HHQ8s") if self._large else ("H", "HHI4s")
        count_bytes, size = struct.calcsize("<" + count_form), struct.calcsize("<" + form)
        header = self._read(place, count_bytes)
        if header is None:
            return found
        (count,) = struct.unpack(self._order + count_form, header)
        table = self._read(place + count_bytes, size * min(count, _MAX_ENTRIES)) or b""
        below: dict[int, int] = {}
        for tag, kind, number, value in struct.iter_unpack(self._order + form, table):
            entry = self._entry(tag, kind, number, value)
            if entry is None or tag in found.entries:
                continue
            if tag not in _POINTERS:
                found.entries[tag] = entry
            elif tag in pointers and len(entry.data) in (4, 8):
                below[tag] = int.from_bytes(entry.data, "little")
        for tag, start in below.items():
            if lower := self.at(start, (INTEROPERABILITY,) if tag == EXIF else ()):
                found.below[tag] = lower
        return found

    def _entry(self, tag: int, kind: int, number: int, value: bytes) -> Entry | None:
        if kind not in _KINDS or number == 0:
            return None
        each, unit = _KINDS[kind]
        length = each * number
        if length > len(value):
            letter = "Q" if self._large else "I"
            (place,) = struct.unpack(self._order + letter, value)
            stored = self._read(place, length)
            if stored is None:
                return None
        else:
            stored = value[:length]
        return _small(Entry(tag, kind, stored if self._order == "<" else _swapped(stored, unit)))

    def _read(self, place: int, length: int) -> bytes | None:
        if place < 0 or place + length > self._length or length > self._left:
            return None
        self._left -= length
        self._source.seek(place)
        content = self._source.read(length)
        return content if len(content) == length else None


def packed(directory: Directory, start: int) -> bytes:
    """The directory as it lies at ``start`` of a little-endian TIFF, values and lower ones behind it."""
    entries = dict(directory.entries)
    for tag in directory.below:
        entries[tag] = Entry(tag, LONG, bytes(4))
    table = bytearray(struct.pack("<H", len(entries)))
    place = start + 2 + 12 * len(entries) + 4
    values = bytearray()
    for tag in sorted(entries):
        entry = entries[tag]
        if tag in directory.below:
            lower = packed(directory.below[tag], place + len(values))
            table += struct.pack("<HHII", tag, LONG, 1, place + len(values))
            values += lower + bytes(len(lower) % 2)
        elif len(entry.data) <= 4:
            table += struct.pack("<HHI4s", tag, entry.kind, entry.count, entry.data)
        else:
            table += struct.pack("<HHII", tag, entry.kind, entry.count, place + len(values))
            values += entry.data + bytes(len(entry.data) % 2)
    return bytes(table + bytes(4) + values)


def _small(entry: Entry) -> Entry | None:
    """An entry without the types of large TIFF, which others do not know."""
    if entry.kind not in _LARGE_KINDS:
        return entry
    form = "q" if entry.kind == 17 else "Q"
    numbers = struct.unpack(f"<{entry.count}{form}", entry.data)
    try:
        data = struct.pack(f"<{entry.count}{'i' if entry.kind == 17 else 'I'}", *numbers)
    except struct.error:
        return None
    return Entry(entry.tag, _LARGE_KINDS[entry.kind], data)


def _swapped(data: bytes, unit: int) -> bytes:
    if unit == 1:
        return data
    out = bytearray(len(data))
    for byte in range(unit):
        out[byte::unit] = data[unit - 1 - byte :: unit]
    return bytes(out)
