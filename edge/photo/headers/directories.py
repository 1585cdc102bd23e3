"""The directories of a TIFF, read without trusting it: whole numbers only, and few of each tag."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

TIFF_SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
SUBDIRECTORIES = 330

_MAX_ENTRIES, _MAX_VALUES, _MAX_ALL_ENTRIES = 512, 64, 500_000
_TABLES, _LAYERS = (273, 279, 324, 325), 37724
_SIZES = {
    **dict.fromkeys((1, 2, 6, 7), 1),
    **dict.fromkeys((3, 8), 2),
    **dict.fromkeys((4, 9, 11, 13), 4),
    **dict.fromkeys((5, 10, 12, 16, 17, 18), 8),
}
# What tells pages from thumbnails, photos from raw files, and whether a scan is whole.
_READ = {254, 255, 256, 257, 258, 259, 262, 273, 277, 279, SUBDIRECTORIES, 50706}
_LETTERS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}


@dataclass(frozen=True)
class Directory:
    """One directory: a page, a thumbnail or a mask."""

    values: dict[int, tuple[int, ...]]
    """By tag, of those that tell what a directory is; at most the first 64 of each."""
    next: int
    """Where the following directory begins; 0 for the last."""
    value_bytes: int = 0
    """Of all its values but the pixels' own tables and Photoshop's layers, so far as the file has them."""
    layer_bytes: int = 0
    """Of Photoshop's layers."""

    def get(self, tag: int, default: int) -> int:
        """The first value of a tag."""
        return self.values.get(tag, (default,))[0]


class Directories:
    """The directories of an opened TIFF, whose position is lost.

    Raises:
        ValueError: The file does not begin as a TIFF does.
    """

    def __init__(self, source: BinaryIO) -> None:
        source.seek(0)
        start = source.read(16)
        if len(start) < 16 or not start.startswith(TIFF_SIGNATURES):
            raise ValueError("no TIFF")
        self._source = source
        self._walked = 0
        self._length = source.seek(0, 2)
        self._order = "<" if start[:2] == b"II" else ">"
        self._large = b"+" in start[2:4]
        self.first = self._unpack("Q" if self._large else "I", start[8:] if self._large else start[4:8])

    def pages(self, limit: int) -> Iterator[Directory]:
        """The chain of directories, ``limit`` at most; it ends where it is broken or returns to itself."""
        seen: set[int] = set()
        self._walked = 0
        place = self.first
        while place and place not in seen and len(seen) < limit and self._walked < _MAX_ALL_ENTRIES:
            seen.add(place)
            directory = self.at(place)
            if directory is None:
                return
            yield directory
            place = directory.next

    def at(self, place: int) -> Directory | None:
        """The directory at a place in the file, or ``None`` if there is none."""
        count_letter, wide, size = ("Q", "Q", 20) if self._large else ("H", "I", 12)
        try:
            self._source.seek(place)
            count = self._unpack(count_letter, self._source.read(struct.calcsize("=" + count_letter)))
            if not 0 < count <= _MAX_ENTRIES:
                return None
            block = self._source.read(count * size)
            following = self._source.read(struct.calcsize("=" + wide))
            if len(block) < count * size:
                return None
            self._walked += count
            rows = [block[entry : entry + size] for entry in range(0, len(block), size)]
            values = dict(self._entry(row, wide) for row in rows)
            sizes = [self._size(row, wide) for row in rows]
        except (struct.error, OSError, ValueError, OverflowError):
            return None
        end = self._unpack(wide, following) if len(following) == struct.calcsize("=" + wide) else 0
        return Directory(
            {tag: found for tag, found in values.items() if found},
            end,
            sum(length for tag, length in sizes if tag not in _TABLES and tag != _LAYERS),
            sum(length for tag, length in sizes if tag == _LAYERS),
        )

    def _size(self, entry: bytes, wide: str) -> tuple[int, int]:
        """The tag, and the bytes of its values that lie elsewhere in the file."""
        tag, kind, number = struct.unpack_from(f"{self._order}HH{wide}", entry)
        length = number * _SIZES.get(kind, 0)
        return tag, length if struct.calcsize("=" + wide) < length <= self._length else 0

    def _entry(self, entry: bytes, wide: str) -> tuple[int, tuple[int, ...]]:
        tag, kind, number = struct.unpack_from(f"{self._order}HH{wide}", entry)
        letter = _LETTERS.get(kind)
        if tag not in _READ or letter is None or number == 0:
            return tag, ()
        inside = entry[4 + struct.calcsize("=" + wide) :]
        number_read = min(number, _MAX_VALUES)
        packed = inside
        if number * struct.calcsize("=" + letter) > len(inside):
            self._source.seek(self._unpack(wide, inside))
            packed = self._source.read(number_read * struct.calcsize("=" + letter))
        if len(packed) < number_read * struct.calcsize("=" + letter):
            return tag, ()
        return tag, struct.unpack_from(f"{self._order}{number_read}{letter}", packed)

    def _unpack(self, letter: str, packed: bytes) -> int:
        return int(struct.unpack(self._order + letter, packed)[0])
