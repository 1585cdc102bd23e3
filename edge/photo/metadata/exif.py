"""EXIF: the orientation is removed, everything else is kept byte for byte.

An EXIF block is edited in place rather than parsed and written anew: a maker note holds offsets
that only its maker understands, and they survive only if nothing moves.
"""

from __future__ import annotations

import struct

_PREFIX = b"Exif\0\0"
_ORIENTATION = 0x0112
_SHORT = 3


def upright(exif: bytes) -> tuple[int, bytes] | None:
    """The orientation, 1 to 8, and the block with Orientation=1 and without the thumbnail.

    The thumbnail shows the photo as it was before. ``exif`` may start with the ``Exif`` prefix of
    a JPEG; the result does not. An orientation that is out of range or of the wrong type counts
    as 1. ``None`` if the block is broken: its first directory does not lie within it.
    """
    block = bytearray(exif.removeprefix(_PREFIX).removeprefix(_PREFIX))
    if len(block) < 8 or not block.startswith((b"II*\0", b"MM\0*")):
        return None
    order = "<" if block[:2] == b"II" else ">"
    (directory,) = struct.unpack_from(order + "I", block, 4)
    if directory < 8 or directory + 2 > len(block):
        return None
    (count,) = struct.unpack_from(order + "H", block, directory)
    end = directory + 2 + 12 * count
    if count == 0 or end > len(block):
        return None
    orientation = 1
    for entry in range(directory + 2, end, 12):
        tag, kind, number, value = struct.unpack_from(order + "HHIH", block, entry)
        if tag == _ORIENTATION:
            if kind == _SHORT and number == 1 and 1 <= value <= 8:
                orientation = value
            struct.pack_into(order + "HHIHH", block, entry, tag, _SHORT, 1, 1, 0)
    if end + 4 <= len(block):
        struct.pack_into(order + "I", block, end, 0)
    return orientation, bytes(block)
