"""The segments of a JPEG that stand before its first scan."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from edge.errors import BrokenPhoto
from edge.photo.headers.checks import broken
from edge.photo.headers.trimmed import MAX_PIECES, Piece, Sieve

_MAX_EXIF = 1 << 20
"""EXIF of more than one segment, which Pillow joins in a time that grows by the square."""
_MAX_TABLES = 1 << 20
_MAX_FILLING = 1 << 16
_MAX_SEGMENTS = 2 * MAX_PIECES
_COMMENT, _SCAN, _END = 0xFE, 0xDA, 0xD9
# The decoder needs them: resolution, and the colours as Adobe states them.
_NEEDED = {0xE0: b"JFIF\0", 0xEE: b"Adobe"}


def kept_pieces(source: BinaryIO, path: Path) -> tuple[Piece, ...] | None:
    """What to keep of an opened JPEG; ``None`` for all of it.

    Raises:
        BrokenPhoto: There are more segments, tables or bytes between them than any writer makes.
    """
    length = source.seek(0, 2)
    source.seek(2)
    sieve = Sieve([(0, 2)])
    place, filling, tables, exif = 2, 0, 0, 0
    for _ in range(_MAX_SEGMENTS):
        marker = source.read(1)
        while marker and (marker != b"\xff" or (code := source.read(1)) in (b"\xff", b"\0")):
            filling += 1
            if filling > _MAX_FILLING:
                raise broken(path)
            if marker == b"\xff" and code == b"\xff":
                continue
            marker = source.read(1)
        if not marker or not code or code[0] in (_SCAN, _END):
            sieve.keep(place, length)
            return None if sieve.complete else tuple(sieve.kept)
        if code[0] == 1 or 0xD0 <= code[0] <= 0xD8:  # these stand alone, without a length
            continue
        size = int.from_bytes(source.read(2), "big")
        content = source.read(min(8, max(0, size - 2)))
        stop = source.seek(max(0, size - 2) - len(content), 1)
        if not 0xE0 <= code[0] <= 0xEF and code[0] != _COMMENT:
            tables += size
            sieve.keep(place, stop)
        elif content.startswith(_NEEDED.get(code[0], b"\0none")):
            sieve.keep(place, stop)
        else:
            exif += size if content.startswith(b"Exif\0") else 0
            sieve.metadata(place, stop, exif <= _MAX_EXIF)
        if tables > _MAX_TABLES:
            raise broken(path)
        place = stop
    raise BrokenPhoto(f"{path} has more segments than a camera or an editor writes; export it again.")
