"""A file without some of its parts, as decoders are given it where metadata is too large or too much."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import islice
from typing import BinaryIO

MAX_METADATA = 16 << 20
"""Bytes of metadata that are read from a file, all kinds together."""
MAX_PIECES = 10_000
"""Pieces of metadata that are read from a file."""

Piece = tuple[int, int] | bytes
"""A range of a file, from and to, or bytes in place of one."""

LOST = f"metadata beyond {MAX_METADATA >> 20} MB or {MAX_PIECES} pieces"


class Trimmed:
    """The pieces of a file one after the other, to be read like a file."""

    def __init__(self, source: BinaryIO, pieces: Sequence[Piece]) -> None:
        self._source = source
        self._parts: list[tuple[int, Piece]] = []
        self._starts: list[int] = []
        self._length = self._place = 0
        for piece in pieces:
            self._parts.append((self._length, piece))
            self._starts.append(self._length)
            self._length += len(piece) if isinstance(piece, bytes) else piece[1] - piece[0]

    def read(self, size: int = -1, /) -> bytes:
        """As of a file."""
        stop = self._length if size < 0 else min(self._length, self._place + size)
        found = []
        for start, piece in islice(self._parts, max(0, bisect_right(self._starts, self._place) - 1), None):
            if start >= stop:
                break
            length = len(piece) if isinstance(piece, bytes) else piece[1] - piece[0]
            first, last = max(self._place, start) - start, min(stop, start + length) - start
            if first >= last:
                continue
            if isinstance(piece, bytes):
                found.append(piece[first:last])
            else:
                self._source.seek(piece[0] + first)
                found.append(self._source.read(last - first))
        content = found[0] if len(found) == 1 else b"".join(found)
        self._place += len(content)
        return content

    def seek(self, place: int, whence: int = 0, /) -> int:
        """As of a file."""
        self._place = max(0, place + (0, self._place, self._length)[whence])
        return self._place

    def tell(self) -> int:
        """As of a file."""
        return self._place


class Sieve:
    """Ranges of a file that are walked in order, and are kept or left out."""

    def __init__(self, pieces: Sequence[Piece] = ()) -> None:
        self.kept: list[Piece] = list(pieces)
        self.complete = True
        self._left, self._count = MAX_METADATA, 0

    def keep(self, start: int, stop: int) -> None:
        """Keep a range, joined to the one before where it follows it."""
        last = self.kept[-1] if self.kept else None
        if isinstance(last, tuple) and last[1] == start:
            self.kept[-1] = (last[0], stop)
        else:
            self.kept.append((start, stop))

    def metadata(self, start: int, stop: int, fits: bool = True) -> None:
        """Keep a range of metadata so long as the limits, and the caller's own (``fits``), allow it."""
        self._count += 1
        if fits and self._count <= MAX_PIECES and stop - start <= self._left:
            self._left -= stop - start
            self.keep(start, stop)
        else:
            self.complete = False

    @property
    def size(self) -> int:
        """Bytes of metadata that were kept."""
        return MAX_METADATA - self._left
