"""Headers of photo files, checked before anything is decoded.

A file is untrusted: the checks here cost no more than reading it once, allocate nothing that the
file asks for, and refuse what the decoders would silently get wrong (a PNG whose data fails its
checksums, a JPEG with thousands of scans).
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from edge.errors import BrokenPhoto, MultiPagePhoto, PhotoTooLarge, UnsupportedPhoto
from edge.photo.headers.directories import TIFF_SIGNATURES
from edge.photo.headers.kinds import PHOTO_SUFFIXES, TIFF, Format, kind_of, kind_of_opened

__all__ = ["PHOTO_SUFFIXES", "Format", "Header", "check_size", "kind_of", "read_header"]

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHECKED_CHUNKS = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}
_PNG_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_PALETTE = 3
_MAX_CHUNKS = 1_000_000
_BLOCK = 1 << 20

# A progressive JPEG goes over the whole photo once for each scan. Encoders write about ten scans,
# at most a hundred or so; more than this is made to keep a decoder busy.
_MAX_SCANS = 500
_UNDECODED_FRAMES = {0xC5, 0xC6, 0xC7, 0xCD, 0xCE, 0xCF}


@dataclass(frozen=True)
class Header:
    """The facts about a file that need no decoding."""

    format: Format
    bits: int = 8
    """Per channel; known for PNG, 8 for JPEG and WebP. For TIFF it is not read here."""
    color_type: int | None = None
    """PNG only."""
    lossless: bool = False
    """WebP only: the pixels were stored without loss."""


def read_header(source: BinaryIO, path: Path, max_pixels: int) -> Header:
    """Identify an opened file by its content and check what can be checked without decoding.

    Args:
        source: The opened file.
        path: Its name for messages.
        max_pixels: Limit of width times height.

    Raises:
        UnsupportedPhoto: Not a photo, or a kind that is not read.
        BrokenPhoto: The file is damaged or incomplete.
        MultiPagePhoto: The file has several frames.
        PhotoTooLarge: The photo exceeds the limit.
    """
    source.seek(0)
    start = source.read(32)
    if not start:
        raise BrokenPhoto(f"{path} is empty; copy it again from where it came from.")
    if start.startswith(_PNG_SIGNATURE):
        return _png(source, path, max_pixels)
    if start.startswith(b"\xff\xd8\xff"):
        return _jpeg(source, path, max_pixels)
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return _webp(source, start, path, max_pixels)
    kind = kind_of_opened(source, path)
    if start.startswith(TIFF_SIGNATURES) and kind is TIFF:
        return Header("TIFF")
    if any(known.startswith(start) for known in (_PNG_SIGNATURE, b"\xff\xd8\xff", *TIFF_SIGNATURES)):
        raise _broken(path)
    if kind is not None and kind.format is None:
        raise UnsupportedPhoto(kind.sentence(path))
    raise UnsupportedPhoto(f"{path} is not a JPEG, PNG, TIFF or WebP photo; convert it to one first.")


def check_size(width: int, height: int, path: Path, max_pixels: int) -> None:
    """Raise ``BrokenPhoto`` for a photo without pixels, ``PhotoTooLarge`` above the limit."""
    if width <= 0 or height <= 0:
        raise BrokenPhoto(f"{path} has no pixels; copy or export it again.")
    if width * height > max_pixels:
        raise PhotoTooLarge(
            f"{path} has {width} x {height} pixels by its header, more than the limit of {max_pixels}; "
            "raise the limit if the file can be trusted, or make the photo smaller."
        )


def _broken(path: Path) -> BrokenPhoto:
    return BrokenPhoto(f"{path} is damaged or incomplete; copy it again from where it came from.")


def _png(source: BinaryIO, path: Path, max_pixels: int) -> Header:
    """Walk the chunks: size, frames, and the checksums of everything that makes pixels."""
    source.seek(len(_PNG_SIGNATURE))
    header: Header | None = None
    seen = set()
    for _ in range(_MAX_CHUNKS):
        start = source.read(8)
        if len(start) < 8:
            raise _broken(path)
        length, name = struct.unpack(">I4s", start)
        if header is None and (name != b"IHDR" or length != 13):
            raise _broken(path)
        if name in _CHECKED_CHUNKS:
            content = _checked_chunk(source, name, length, path)
        else:
            content = source.read(8) if name == b"acTL" and length == 8 else b""
            source.seek(length - len(content) + 4, 1)
        if name == b"IHDR":
            width, height, bits, color_type, *methods = struct.unpack(">IIBBBBB", content)
            check_size(width, height, path, max_pixels)
            if bits not in _PNG_DEPTHS.get(color_type, ()) or methods[:2] != [0, 0] or methods[2] > 1:
                raise _broken(path)
            header = Header("PNG", bits, color_type)
        elif name == b"acTL" and len(content) == 8 and struct.unpack(">I", content[:4])[0] > 1:
            raise MultiPagePhoto(f"{path} is animated; save the frame to restore as a file of its own.")
        elif name == b"IEND" and header is not None:
            if b"IDAT" not in seen or (header.color_type == _PALETTE and b"PLTE" not in seen):
                break
            return header
        seen.add(name)
    raise _broken(path)


def _checked_chunk(source: BinaryIO, name: bytes, length: int, path: Path) -> bytes:
    """Read a chunk, compare its checksum, and return its first block."""
    checksum = zlib.crc32(name)
    first = b""
    left = length
    while left:
        block = source.read(min(left, _BLOCK))
        if not block:
            raise _broken(path)
        checksum = zlib.crc32(block, checksum)
        first = first or block
        left -= len(block)
    if source.read(4) != struct.pack(">I", checksum):
        raise _broken(path)
    return first


def _jpeg(source: BinaryIO, path: Path, max_pixels: int) -> Header:
    """Look for the frame's header and count the scans."""
    source.seek(2)
    while True:
        marker = source.read(1)
        while marker not in (b"\xff", b""):
            marker = source.read(1)
        while marker == b"\xff":
            marker = source.read(1)
        size = source.read(2)
        if len(size) < 2 or marker in (b"\xd9", b"\xda"):
            raise _broken(path)
        code, length = marker[0], int.from_bytes(size, "big")
        if 0xC0 <= code <= 0xCF and code not in (0xC4, 0xC8, 0xCC):
            break
        if code == 0 or code == 1 or 0xD0 <= code <= 0xD8:  # these stand alone, without a length
            source.seek(-2, 1)
        else:
            source.seek(length - 2, 1)
    frame = source.read(5)
    if len(frame) < 5:
        raise _broken(path)
    bits, height, width = struct.unpack(">BHH", frame)
    check_size(width, height, path, max_pixels)
    if bits != 8 or code in _UNDECODED_FRAMES:
        raise UnsupportedPhoto(
            f"{path} is a rare kind of JPEG ({bits} bits, frame type {code:#x}) that is not read; "
            "export it as an ordinary JPEG or as a TIFF."
        )
    if _scans(source) > _MAX_SCANS:
        raise BrokenPhoto(f"{path} has more scans than a camera or an editor writes; export it again.")
    return Header("JPEG")


def _scans(source: BinaryIO) -> int:
    """Number of start-of-scan markers from here on (in scan data a marker cannot occur)."""
    count, last = 0, b""
    while block := source.read(_BLOCK):
        count += (last + block).count(b"\xff\xda")
        last = block[-1:]
    return count


def _webp(source: BinaryIO, start: bytes, path: Path, max_pixels: int) -> Header:
    """Check the canvas: the decoder allocates it when it is opened."""
    kind = start[12:16]
    if len(start) < 30:
        raise _broken(path)
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
        raise _broken(path)
    check_size(width, height, path, max_pixels)
    # The whole file is read to decode it, so its length is bounded by what such pixels can need.
    length = source.seek(0, 2)
    if length > 8 * width * height + (64 << 20):
        raise _broken(path)
    return Header("WEBP", lossless=_webp_is_lossless(source, length))


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
