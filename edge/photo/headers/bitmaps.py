"""Headers of BMP, GIF and PNM: the sizes."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from edge.errors import MultiPagePhoto, UnsupportedPhoto
from edge.photo.headers.checks import Header, broken, check_size
from edge.photo.headers.trimmed import Piece, Sieve

_OLD_BITMAP = 12
_RUN_LENGTHS = (1, 2)
_GIF_START, _CONTROL, _COMMENT = 13, b"\xf9", b"\xfe"
_LONGEST_COMMENT = 1 << 16
_MAX_BLOCKS = 4_000_000
_LONGEST_PNM_HEADER = 1 << 16
# Numbers are separated by white space and comments; one white space stands before binary samples.
_GAP = rb"(?:\s|#[^\n]*\n)+"
_BITS = re.compile(rb"P([14])%b(\d{1,9})%b(\d{1,9})\s" % (_GAP, _GAP))
_LEVELS = re.compile(rb"P([2356])%b(\d{1,9})%b(\d{1,9})%b(\d{1,5})\s" % (_GAP, _GAP, _GAP))


def read_bmp_header(source: BinaryIO, path: Path, max_pixels: int) -> Header:
    """Check the size; the height may be negative."""
    source.seek(14)
    start = source.read(12)
    if len(start) < 12:
        raise broken(path)
    old = struct.unpack_from("<I", start)[0] == _OLD_BITMAP
    width, height = struct.unpack_from("<HH" if old else "<ii", start, 4)
    check_size(width, abs(height), path, max_pixels)
    # Pillow unpacks run lengths into two copies of its own; the kind stands behind 4 bytes more.
    packed = not old and int.from_bytes(source.read(8)[4:], "little") in _RUN_LENGTHS
    return Header("BMP", width, abs(height), 2 * width * abs(height) if packed else 0)


def read_gif_header(source: BinaryIO, path: Path, max_pixels: int) -> Header:
    """Check the screen's size."""
    source.seek(6)
    size = source.read(4)
    if len(size) < 4:
        raise broken(path)
    width, height = struct.unpack("<HH", size)
    check_size(width, height, path, max_pixels)
    return Header("GIF", width, height, pieces=_first_frame(source, path))


def _first_frame(source: BinaryIO, path: Path) -> tuple[Piece, ...]:
    """The file as far as its first frame; Pillow would join comments in a time that grows by the square."""
    source.seek(10)
    place = _GIF_START + _colours(source.read(1))
    sieve = Sieve([(0, place)])
    frames = 0
    while frames < 2:
        source.seek(place)
        start = source.read(10)
        if start[:1] == b"!":
            label, stop = start[1:2], _behind_blocks(source, place + 2, path)
            if frames:
                pass
            elif label == _CONTROL:
                sieve.keep(place, stop)
            elif label == _COMMENT:
                sieve.metadata(place, stop, stop - place <= _LONGEST_COMMENT)
            place = stop
        elif start[:1] == b",":
            frames += 1
            if len(start) < 10:
                raise broken(path)
            stop = _behind_blocks(source, place + 11 + _colours(start[9:10]), path)
            if frames == 1:
                sieve.keep(place, stop)
            place = stop
        else:
            break
    if frames > 1:
        raise MultiPagePhoto(f"{path} is animated; save the frame to restore as a file of its own.")
    # A file that is cut stays cut.
    return (*sieve.kept, b";") if place < source.seek(0, 2) else tuple(sieve.kept)


def _colours(flags: bytes) -> int:
    """Bytes of the colour table that these flags tell of."""
    return 3 * 2 ** ((flags[0] & 7) + 1) if flags and flags[0] & 0x80 else 0


def _behind_blocks(source: BinaryIO, place: int, path: Path) -> int:
    """The place behind a chain of blocks, which ends in an empty one or at the end of the file."""
    for _ in range(_MAX_BLOCKS):
        source.seek(place)
        size = source.read(1)
        if not size or size == b"\0":
            return place + len(size)
        place += 1 + size[0]
    raise broken(path)


@dataclass(frozen=True)
class Pnm:
    """The facts about a PNM."""

    number: int
    """1 to 6: bits, gray or RGB, first as text, then binary."""
    width: int
    height: int
    top: int
    """The sample that stands for white."""
    samples_at: int
    """Where the samples begin."""


def read_pnm_header(source: BinaryIO, path: Path, max_pixels: int) -> Header:
    """Check the size, and that the file has as many samples as its header claims."""
    pnm = pnm_facts(source)
    if pnm is None:
        raise broken(path)
    check_size(pnm.width, pnm.height, path, max_pixels)
    if pnm.top > 255 and pnm.number < 5:
        raise UnsupportedPhoto(
            f"{path} is a PNM of 16 bits written as text, which is not read; convert it to a PNG or TIFF."
        )
    channels = 3 if pnm.number in (3, 6) else 1
    samples = pnm.width * pnm.height * channels
    # Text has at least a digit and a space for each sample, but bits may follow each other.
    needed = {1: samples, 2: 2 * samples - 1, 3: 2 * samples - 1, 4: (pnm.width + 7) // 8 * pnm.height}
    length = needed.get(pnm.number, samples * (2 if pnm.top > 255 else 1))
    if source.seek(0, 2) < pnm.samples_at + length:
        raise broken(path)
    # Of text Pillow makes samples in a copy of its own, by way of blocks of words.
    decoder = 7 * samples // 2 if pnm.number < 4 else 0
    return Header("PPM", pnm.width, pnm.height, decoder, 16 if pnm.top > 255 else 8)


def pnm_facts(source: BinaryIO) -> Pnm | None:
    """What the header of an opened PNM says; ``None`` if it is broken."""
    source.seek(0)
    start = source.read(_LONGEST_PNM_HEADER)
    found = _BITS.match(start) or _LEVELS.match(start)
    if found is None:
        return None
    number, width, height, top = (*map(int, found.groups()), 1)[:4]
    return Pnm(number, width, height, top, found.end()) if 0 < top < 65536 else None
