"""EXIF blocks: orientation, sizes and resolution are made true, the thumbnail goes, all else stays.

A block is edited in place rather than parsed and written anew: a maker note holds offsets that only
its maker understands, and they survive only if nothing moves.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Sequence

from edge.photo.metadata.tags.directory import (
    EXIF,
    GPS,
    INTEROPERABILITY,
    LONG,
    SHORT,
    Directory,
    Entry,
    Reader,
)

PREFIX = b"Exif\0\0"
"""What precedes the block in a segment of a JPEG."""

_ORIENTATION, _WIDTH, _HEIGHT, _PIXELS_ACROSS, _PIXELS_DOWN = 0x0112, 0x0100, 0x0101, 0xA002, 0xA003
_RESOLUTIONS, _FOCAL_PLANE = (0x011A, 0x011B), (0xA20E, 0xA20F)
_THUMBNAIL, _THUMBNAIL_BYTES = 0x0201, 0x0202
_XIAOMI_MOTION = 0x8897
_MAX_LOWER = 8
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}

Place = tuple[int, int, int, int]
"""Where an entry lies, its tag, its type, the number of its values."""


def upright(exif: bytes) -> tuple[int | None, bytes] | None:
    """The orientation, 1 to 8, and the block with orientation 1 and without the thumbnail.

    The thumbnail shows the photo as it was before. ``exif`` may start with the ``Exif`` prefix of
    a JPEG; the result does not. The orientation is ``None`` if there is none; one that is out of range or
    of the wrong type counts as 1. ``None`` instead of both if the block is broken: its first directory does
    not lie within it.
    """
    block = bytearray(exif.removeprefix(PREFIX).removeprefix(PREFIX))
    if (order := _order(block)) is None:
        return None
    first = list(_entries(block, order, _first(block, order)))
    if not first:
        return None
    orientation = None
    for place, tag, kind, number in first:
        if tag == _ORIENTATION:
            (value,) = struct.unpack_from(order + "H", block, place + 8)
            orientation = value if kind == SHORT and number == 1 and 1 <= value <= 8 else 1
            struct.pack_into(order + "HHIHH", block, place, tag, SHORT, 1, 1, 0)
        elif tag == _XIAOMI_MOTION:
            block[place + 8 : place + 12] = bytes(4)
    _drop_thumbnail(block, order, first)
    return orientation, bytes(block)


def turned_exif(exif: bytes) -> bytes:
    """The block with the resolutions across and down exchanged."""
    block = bytearray(exif)
    if order := _order(block):
        for tags, entries in ((_RESOLUTIONS, _main(block, order)), (_FOCAL_PLANE, _exif(block, order))):
            places = {tag: place for place, tag, _, _ in entries if tag in tags}
            if len(places) == 2:
                one, other = (places[tag] + 2 for tag in tags)  # type, number and value change places
                block[one : one + 10], block[other : other + 10] = (
                    block[other : other + 10],
                    block[one : one + 10],
                )
    return bytes(block)


def sized_exif(exif: bytes, width: int, height: int) -> bytes:
    """The block with the photo's size, where it states one."""
    block = bytearray(exif)
    if order := _order(block):
        sizes = {_WIDTH: width, _HEIGHT: height, _PIXELS_ACROSS: width, _PIXELS_DOWN: height}
        for place, tag, kind, number in [*_main(block, order), *_exif(block, order)]:
            if tag not in sizes or number != 1:
                continue
            if kind == SHORT and sizes[tag] < 1 << 16:
                struct.pack_into(order + "HH", block, place + 8, sizes[tag], 0)
            else:
                struct.pack_into(order + "HII", block, place + 2, LONG, 1, sizes[tag])
    return bytes(block)


def exif_directory(exif: bytes) -> Directory:
    """A block's first directory with EXIF and GPS; empty if it is broken."""
    try:
        reader = Reader(io.BytesIO(exif))
    except ValueError:
        return Directory({}, {})
    return reader.at(reader.first)


def with_entries(exif: bytes | None, entries: Sequence[Entry]) -> bytes:
    """The block with entries that it lacks: the first directory moves to the end, nothing else moves."""
    block = bytearray(exif or b"II*\0\x08\0\0\0\0\0\0\0\0\0")
    order = _order(block)
    assert order is not None
    first = list(_main(block, order))
    after = _first(block, order) + 2 + 12 * len(first)
    rows = {tag: bytes(block[place : place + 12]) for place, tag, _, _ in first}
    following = bytes(block[after : after + 4]).ljust(4, b"\0")
    block += bytes(len(block) % 2)
    for entry in entries:
        numbers = struct.unpack(f"<{len(entry.data) // _unit(entry)}{_letter(entry)}", entry.data)
        stored = struct.pack(f"{order}{len(numbers)}{_letter(entry)}", *numbers)
        value = stored.ljust(4, b"\0")
        if len(stored) > 4:
            value = struct.pack(order + "I", len(block))
            block += stored + bytes(len(stored) % 2)
        rows[entry.tag] = struct.pack(order + "HHI", entry.tag, entry.kind, entry.count) + value
    struct.pack_into(order + "I", block, 4, len(block))
    block += struct.pack(order + "H", len(rows)) + b"".join(rows[tag] for tag in sorted(rows)) + following
    return bytes(block)


def _unit(entry: Entry) -> int:
    return {SHORT: 2, LONG: 4, 5: 4}.get(entry.kind, 1)


def _letter(entry: Entry) -> str:
    return {1: "B", 2: "H", 4: "I"}[_unit(entry)]


def _order(block: bytearray) -> str | None:
    if len(block) < 8 or not block.startswith((b"II*\0", b"MM\0*")):
        return None
    return "<" if block[:2] == b"II" else ">"


def _first(block: bytearray, order: str) -> int:
    return int(struct.unpack_from(order + "I", block, 4)[0])


def _main(block: bytearray, order: str) -> Iterator[Place]:
    return _entries(block, order, _first(block, order))


def _exif(block: bytearray, order: str) -> Iterator[Place]:
    for place, tag, _, number in list(_main(block, order)):
        if tag == EXIF and number == 1:
            yield from _entries(block, order, struct.unpack_from(order + "I", block, place + 8)[0])
            return


def _entries(block: bytearray, order: str, directory: int) -> Iterator[Place]:
    """The entries of a directory; none unless it lies within the block."""
    if directory < 8 or directory + 2 > len(block):
        return
    (count,) = struct.unpack_from(order + "H", block, directory)
    end = directory + 2 + 12 * count
    if end <= len(block):
        for place in range(directory + 2, end, 12):
            yield (place, *struct.unpack_from(order + "HHI", block, place))


def _drop_thumbnail(block: bytearray, order: str, first: list[Place]) -> None:
    """Cut the second directory off, and blank the picture that it names where nothing else lies there."""
    end = first[-1][0] + 12
    if end + 4 > len(block):
        return
    (second,) = struct.unpack_from(order + "I", block, end)
    struct.pack_into(order + "I", block, end, 0)
    places = {tag: place for place, tag, _, number in _entries(block, order, second) if number == 1}
    if not {_THUMBNAIL, _THUMBNAIL_BYTES} <= places.keys():
        return
    start, length = (
        struct.unpack_from(order + "I", block, places[tag] + 8)[0] for tag in (_THUMBNAIL, _THUMBNAIL_BYTES)
    )
    stop = start + length
    if length == 0 or stop > len(block) or block[start : start + 2] != b"\xff\xd8":
        return
    if any(start < last and begin < stop for begin, last in [(0, end + 4), *_used(block, order, first)]):
        return
    if stop == len(block):
        del block[start:]
    else:
        block[start:stop] = bytes(length)


def _used(block: bytearray, order: str, first: list[Place]) -> Iterator[tuple[int, int]]:
    """What the values of the main directory and of those below it take up."""
    todo: list[list[Place]] = [first]
    seen: set[int] = set()
    while todo:
        for place, tag, kind, number in todo.pop():
            size = _SIZES.get(kind, 1) * number
            (value,) = struct.unpack_from(order + "I", block, place + 8)
            if tag in (EXIF, GPS, INTEROPERABILITY) and value not in seen and len(seen) < _MAX_LOWER:
                seen.add(value)
                lower = list(_entries(block, order, value))
                todo.append(lower)
                yield value, value + 6 + 12 * len(lower)
            elif size > 4:
                yield value, value + size
