"""Headers of PNG: the chunks, with the checksums of everything that makes pixels."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from edge.errors import MultiPagePhoto
from edge.photo.headers.checks import Header, broken, check_size
from edge.photo.headers.trimmed import Sieve

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHECKED_CHUNKS = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}
_PNG_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_PALETTE = 3
_MAX_CHUNKS = 250_000
_BLOCK = 1 << 20


def read_png_header(source: BinaryIO, path: Path, max_pixels: int) -> Header:
    """Walk the chunks: size, frames, and the checksums of everything that makes pixels."""
    source.seek(len(PNG_SIGNATURE))
    header: Header | None = None
    seen = set()
    sieve = Sieve([(0, len(PNG_SIGNATURE))])
    for _ in range(_MAX_CHUNKS):
        place = source.tell()
        start = source.read(8)
        if len(start) < 8:
            raise broken(path)
        length, name = struct.unpack(">I4s", start)
        if (header is None) != (name == b"IHDR") or (header is None and length != 13):
            raise broken(path)
        (sieve.keep if name in _CHECKED_CHUNKS else sieve.metadata)(place, place + length + 12)
        if name in _CHECKED_CHUNKS:
            content = _checked_chunk(source, name, length, path)
        else:
            content = source.read(8) if name == b"acTL" and length == 8 else b""
            source.seek(length - len(content) + 4, 1)
        if name == b"IHDR":
            width, height, bits, color_type, *methods = struct.unpack(">IIBBBBB", content)
            check_size(width, height, path, max_pixels)
            if bits not in _PNG_DEPTHS.get(color_type, ()) or methods[:2] != [0, 0] or methods[2] > 1:
                raise broken(path)
            # Two rows of the file, and one on its way; a pass of an interlaced file has none longer.
            row = width * _CHANNELS[color_type] * bits // 8 + 8
            header = Header("PNG", width, height, 3 * row, bits, color_type)
        elif name == b"acTL" and len(content) == 8 and struct.unpack(">I", content[:4])[0] > 1:
            raise MultiPagePhoto(f"{path} is animated; save the frame to restore as a file of its own.")
        elif name == b"IEND" and header is not None:
            if b"IDAT" not in seen or (header.color_type == _PALETTE and b"PLTE" not in seen):
                break
            return header if sieve.complete else replace(header, pieces=tuple(sieve.kept))
        seen.add(name)
    raise broken(path)


def _checked_chunk(source: BinaryIO, name: bytes, length: int, path: Path) -> bytes:
    """Read a chunk, compare its checksum, and return its first block."""
    checksum = zlib.crc32(name)
    first = b""
    left = length
    while left:
        block = source.read(min(left, _BLOCK))
        if not block:
            raise broken(path)
        checksum = zlib.crc32(block, checksum)
        first = first or block
        left -= len(block)
    if source.read(4) != struct.pack(">I", checksum):
        raise broken(path)
    return first
