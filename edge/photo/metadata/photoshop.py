"""Photoshop's image resources, in which JPEG, TIFF and PNG carry IPTC."""

from __future__ import annotations

import struct
from collections.abc import Iterator

PREFIX = b"Photoshop 3.0\0"
"""What precedes the block in a segment of a JPEG."""

IPTC = 0x0404
_RESOLUTION = 0x03ED
_SIGNATURES = (b"8BIM", b"MeSa", b"PHUT", b"AgHg", b"DCSR")
# Thumbnails; and copies of profile, EXIF and XMP, which the file has elsewhere.
_DROPPED = {0x0409, 0x040C, 0x040F, 0x0422, 0x0423, 0x0424}
_PATHS = range(2000, 2999)


def split_resources(block: bytes, turned: bool) -> tuple[bytes | None, bytes, bool]:
    """IPTC, the other resources that stay true, and whether the block was whole.

    ``turned``: width and height have changed places; paths are drawn on the photo as it lay.
    """
    iptc, rest, end = None, [], 0
    for number, start, data, end in _resources(block):
        whole = block[start:end]
        if number == IPTC:
            iptc = data if iptc is None else iptc
        elif number == _RESOLUTION and turned and len(data) >= 16:
            place = len(whole) - len(data) - len(data) % 2
            swapped = data[8:16] + data[:8] + data[16:]
            rest.append(whole[:place] + swapped + whole[place + len(data) :])
        elif number not in _DROPPED and not (turned and number in _PATHS):
            rest.append(whole + bytes(len(whole) % 2))
    return iptc, b"".join(rest), not block[end:].strip(b"\0")


def without_paths(resources: bytes) -> bytes:
    """The resources without paths, which are drawn on the whole photo."""
    found = _resources(resources)
    return b"".join(resources[start:end] for number, start, _, end in found if number not in _PATHS)


def joined_resources(iptc: bytes | None, resources: bytes) -> bytes:
    """The block with IPTC first."""
    if iptc is None:
        return resources
    return resource(IPTC, iptc) + resources


def resource(number: int, data: bytes) -> bytes:
    """One resource without a name."""
    return b"8BIM" + struct.pack(">HHI", number, 0, len(data)) + data + bytes(len(data) % 2)


def _resources(block: bytes) -> Iterator[tuple[int, int, bytes, int]]:
    """Number, begin, data and end of each."""
    place = 0
    while place + 12 <= len(block) and block[place : place + 4] in _SIGNATURES:
        (number,) = struct.unpack_from(">H", block, place + 4)
        header = place + 6 + (block[place + 6] + 2) // 2 * 2
        if header + 4 > len(block):
            return
        (length,) = struct.unpack_from(">I", block, header)
        if header + 4 + length > len(block):
            return
        data = block[header + 4 : header + 4 + length]
        end = min(header + 4 + length + length % 2, len(block))
        yield number, place, data, end
        place = end
