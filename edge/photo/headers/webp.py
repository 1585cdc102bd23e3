"""Headers of WebP."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from edge.photo.headers.checks import Header, broken, check_size


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
    return Header("WEBP", width, height, lossless=_webp_is_lossless(source, length))


def _webp_is_lossless(source: BinaryIO, length: int) -> bool:
    position = 12
    for _ in range(1000):
        source.seek(position)
        chunk = source.read(8)
        if position >= length or len(chunk) < 8 or chunk[:4] == b"VP8 ":
            return False
        if chunk[:4] == b"VP8L":
            return True
        size = int.from_bytes(chunk[4:], "little")
        position += 8 + size + size % 2
    return False
