"""Headers of JPEG: the frame, and the scans as far as the end of the picture.

What lies behind the end marker (a phone's film, further pictures) and inside of segments (thumbnails) is
not looked at.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from edge.errors import BrokenPhoto, UnsupportedPhoto
from edge.integers import ceil_div
from edge.photo.headers.checks import Header, broken, check_size
from edge.photo.headers.segments import kept_pieces
from edge.photo.headers.trimmed import Trimmed

# A progressive JPEG goes over the whole photo once for each scan. Encoders write about ten scans,
# at most a hundred or so; more than this is made to keep a decoder busy.
_MAX_SCANS = 500
_MAX_SEGMENTS = 10_000
_UNDECODED_FRAMES = {0xC5, 0xC6, 0xC7, 0xCD, 0xCE, 0xCF}
_PROGRESSIVE_FRAMES = {0xC2, 0xCA}
_START_OF_SCAN, _END = 0xDA, 0xD9
# What may follow a scan's data: tables, comments, application data, another scan, the end.
_MARKER = re.compile(rb"\xff([\xc4\xcc\xd9-\xdd\xe0-\xef\xfe])")
_BLOCK = 1 << 16


def read_jpeg_header(source: BinaryIO, path: Path, max_pixels: int) -> Header:
    """Find the frame's header, count the scans, and see whether the end marker is there.

    Without it the photo may still be whole, if all its scans have begun: the decoder finds out.
    """
    pieces = kept_pieces(source, path)
    if pieces is not None:
        source = cast(BinaryIO, Trimmed(source, pieces))
    frame = _frame(source, path, max_pixels)
    missing = {component: set(range(64)) for component in frame.components}
    ended = False
    scans = 0
    for number, (marker, segment) in enumerate(_segments(source)):
        if marker == _END:
            ended = True
            break
        if marker == _START_OF_SCAN:
            scans += 1
            _strike_out(missing, segment, frame.progressive)
        if scans > _MAX_SCANS or number > _MAX_SEGMENTS:
            raise BrokenPhoto(f"{path} has more scans than a camera or an editor writes; export it again.")
    if not ended and not _ends_with_marker(source) and (scans == 0 or any(missing.values())):
        raise broken(path)
    # All coefficients are kept until the last scan.
    held = 2 * frame.coefficients if frame.progressive or scans > 1 else 0
    return Header("JPEG", frame.width, frame.height, held, open_ended=not ended, pieces=pieces)


@dataclass(frozen=True)
class _Frame:
    """The frame's header."""

    width: int
    height: int
    progressive: bool
    components: tuple[int, ...]
    """The components' numbers."""
    coefficients: int
    """Of all components together."""


def _frame(source: BinaryIO, path: Path, max_pixels: int) -> _Frame:
    """The frame's header; the position is behind it."""
    source.seek(2)
    while True:
        marker = source.read(1)
        while marker not in (b"\xff", b""):
            marker = source.read(1)
        while marker == b"\xff":
            marker = source.read(1)
        size = source.read(2)
        if len(size) < 2 or marker in (b"\xd9", b"\xda"):
            raise broken(path)
        code, length = marker[0], int.from_bytes(size, "big")
        if 0xC0 <= code <= 0xCF and code not in (0xC4, 0xC8, 0xCC):
            break
        if code == 0 or code == 1 or 0xD0 <= code <= 0xD8:  # these stand alone, without a length
            source.seek(-2, 1)
        else:
            source.seek(length - 2, 1)
    frame = source.read(max(length - 2, 0))
    if len(frame) < 6:
        raise broken(path)
    bits, height, width = struct.unpack_from(">BHH", frame)
    check_size(width, height, path, max_pixels)
    if bits != 8 or code in _UNDECODED_FRAMES:
        raise UnsupportedPhoto(
            f"{path} is a rare kind of JPEG ({bits} bits, frame type {code:#x}) that is not read; "
            "export it as an ordinary JPEG or as a TIFF."
        )
    described = [frame[place : place + 3] for place in range(6, 6 + 3 * frame[5], 3)]
    described = [one for one in described if len(one) == 3]
    factors = [(one[1] >> 4 or 1, one[1] & 15 or 1) for one in described]
    most = [max((pair[axis] for pair in factors), default=1) for axis in (0, 1)]
    units = ceil_div(width, 8 * most[0]) * ceil_div(height, 8 * most[1])
    return _Frame(
        width,
        height,
        code in _PROGRESSIVE_FRAMES,
        tuple(one[0] for one in described),
        64 * units * sum(across * down for across, down in factors),
    )


def _segments(source: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """The markers from here on with their segments' content, but for data of scans; the end comes last."""
    while (marker := _next_marker(source)) is not None:
        if marker == _END:
            yield marker, b""
            return
        size = source.read(2)
        if len(size) < 2:
            return
        length = max(0, int.from_bytes(size, "big") - 2)
        if marker == _START_OF_SCAN:
            yield marker, source.read(length)
        else:
            source.seek(length, 1)
            yield marker, b""


def _next_marker(source: BinaryIO) -> int | None:
    """Find the next marker that ends a scan's data, and stand behind it."""
    size = 2  # segments mostly follow each other
    while block := source.read(size):
        if found := _MARKER.search(block):
            source.seek(found.end() - len(block), 1)
            return found[1][0]
        if len(block) > 1 and block[-1] == 0xFF:
            source.seek(-1, 1)
        size = _BLOCK
    return None


def _strike_out(missing: dict[int, set[int]], scan: bytes, progressive: bool) -> None:
    """Strike out the coefficients of each component that a scan brings to full precision."""
    if not scan or len(scan) < 2 * scan[0] + 4:
        return
    first, last, precision = scan[-3:]
    if not progressive:
        first, last, precision = 0, 63, 0
    if precision & 0x0F == 0:
        for component in scan[1 : 1 + 2 * scan[0] : 2]:
            missing.get(component, set()).difference_update(range(first, last + 1))


def _ends_with_marker(source: BinaryIO) -> bool:
    source.seek(max(0, source.seek(0, 2) - 2))
    return source.read(2) == bytes([0xFF, _END])
