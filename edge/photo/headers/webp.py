"""Headers of WebP."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from edge.photo.headers.checks import Header, broken, check_size
from edge.photo.headers.trimmed import Sieve

_PICTURES = (b"VP8 ", b"VP8L")
_PARTS = (*_PICTURES, b"VP8X", b"ALPH", b"ANIM", b"ANMF")
_MAX_CHUNKS = 100_000


def read_webp_header(source: BinaryIO, path: Path, max_pixels: int) -> Header:
    """Check the canvas: the decoder allocates it when it is opened."""
    source.seek(0)
    start = source.read(32)
    kind = start[12:16]
    if len(start) < 30:
        raise broken(path)
    if kind == b"VP8X":
        width = int.from_bytes(start[24:27], "little") + 1
        height = int.from_bytes(start[27:30], "little") + 1
    elif kind == b"VP8L" and start[20] == 0x2F:
        packed = int.from_bytes(start[21:25], "little")
        width, height = (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1
    elif kind == b"VP8 " and start[23:26] == b"\x9d\x01\x2a":
        width = int.from_bytes(start[26:28], "little") & 0x3FFF
        height = int.from_bytes(start[28:30], "little") & 0x3FFF
    else:
        raise broken(path)
    check_size(width, height, path, max_pixels)
    # The whole file is read to decode it, so its length is bounded by what such pixels can need.
    length = source.seek(0, 2)
    if length > 8 * width * height + (64 << 20):
        raise broken(path)
    length = min(length, 8 + int.from_bytes(start[4:8], "little"))
    lossless: bool | None = None
    sieve = Sieve([b"RIFF" + bytes(4) + b"WEBP"])
    position = 12
    for _ in range(_MAX_CHUNKS):
        source.seek(position)
        chunk = source.read(8)
        if position >= length or len(chunk) < 8:
            break
        name, size = chunk[:4], int.from_bytes(chunk[4:], "little")
        if lossless is None and name in _PICTURES:
            lossless = name == b"VP8L"
        end = position + 8 + size + size % 2
        (sieve.keep if name in _PARTS else sieve.metadata)(position, min(end, length))
        position = end
    pieces = None
    if not sieve.complete:
        size = 4 + sum(piece[1] - piece[0] for piece in sieve.kept if isinstance(piece, tuple))
        pieces = (b"RIFF" + size.to_bytes(4, "little") + b"WEBP", *sieve.kept[1:])
    return Header("WEBP", width, height, lossless=bool(lossless), pieces=pieces)
