"""Resolutions: dots per inch, and how each container states them. None is made up."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from fractions import Fraction

from edge.photo.metadata.tags.directory import RATIONAL, SHORT, Directory, Entry

_X, _Y, _UNIT = 282, 283, 296
_NO_UNIT, _INCH, _CENTIMETRE = 1, 2, 3
_MAX_DPI = 65535


@dataclass(frozen=True)
class Resolution:
    """The fields of `Metadata` of the same names."""

    dpi: tuple[float, float] | None = None
    centimetres: bool = False
    aspect: tuple[float, float] | None = None

    def turned(self) -> Resolution:
        """With across and down exchanged."""
        return Resolution(
            self.dpi and (self.dpi[1], self.dpi[0]),
            self.centimetres,
            self.aspect and (self.aspect[1], self.aspect[0]),
        )


def of_jfif(segment: bytes) -> Resolution:
    """Of a JPEG's first segment, from ``JFIF`` on; a ratio of one says nothing."""
    if len(segment) < 12:
        return Resolution()
    unit, across, down = struct.unpack_from(">BHH", segment, 7)
    if unit == 0:
        return _ratio(across, down) if across != down else Resolution()
    return _stated(across, down, centimetres=unit == 2) if unit in (1, 2) else Resolution()


def of_phys(content: bytes) -> Resolution:
    """Of a PNG's ``pHYs``."""
    if len(content) != 9:
        return Resolution()
    across, down, unit = struct.unpack(">IIB", content)
    if unit == 0:
        return _ratio(across, down)
    return _stated(across * 0.0254, down * 0.0254) if unit == 1 else Resolution()


def of_directory(directory: Directory) -> Resolution:
    """Of a TIFF's or an EXIF block's directory."""
    numbers = [_fraction(directory.entries.get(tag)) for tag in (_X, _Y)]
    unit = directory.entries.get(_UNIT)
    stated = int.from_bytes(unit.data[:2], "little") if unit and unit.kind == SHORT else _INCH
    across, down = numbers
    if across is None or down is None:
        return Resolution()
    if stated == _NO_UNIT:
        return _ratio(across, down)
    if stated not in (_INCH, _CENTIMETRE):
        return Resolution()
    return _stated(across, down, centimetres=stated == _CENTIMETRE)


def entries(resolution: Resolution) -> list[Entry]:
    """The entries of a TIFF's directory."""
    if resolution.dpi is not None:
        divisor = 2.54 if resolution.centimetres else 1
        numbers = [number / divisor for number in resolution.dpi]
        unit = _CENTIMETRE if resolution.centimetres else _INCH
    elif resolution.aspect is not None:
        numbers, unit = list(resolution.aspect), _NO_UNIT
    else:
        return []
    pairs = [_rational(number) for number in numbers]
    return [
        Entry(_X, RATIONAL, struct.pack("<II", *pairs[0])),
        Entry(_Y, RATIONAL, struct.pack("<II", *pairs[1])),
        Entry(_UNIT, SHORT, struct.pack("<H", unit)),
    ]


def jfif(resolution: Resolution) -> bytes | None:
    """Unit and densities of a JPEG's first segment; whole numbers of 16 bits."""
    if resolution.dpi is not None:
        divisor, unit = (2.54, 2) if resolution.centimetres else (1, 1)
        numbers = [round(number / divisor) for number in resolution.dpi]
        return struct.pack(">BHH", unit, *(min(max(number, 1), 65535) for number in numbers))
    if resolution.aspect is not None:
        ratio = _whole(resolution.aspect, 65535)
        return struct.pack(">BHH", 0, *ratio)
    return None


def phys(resolution: Resolution) -> bytes | None:
    """The content of a PNG's ``pHYs``."""
    if resolution.dpi is not None:
        return struct.pack(">IIB", *(round(number / 0.0254) for number in resolution.dpi), 1)
    if resolution.aspect is not None:
        return struct.pack(">IIB", *_whole(resolution.aspect, (1 << 31) - 1), 0)
    return None


def _stated(across: float, down: float, centimetres: bool = False) -> Resolution:
    factor = 2.54 if centimetres else 1
    dpi = (float(across) * factor, float(down) * factor)
    usable = all(math.isfinite(number) and 1 <= number <= _MAX_DPI for number in dpi)
    return Resolution(dpi, centimetres) if usable else Resolution()


def _ratio(across: float, down: float) -> Resolution:
    usable = 0 < across < 1 << 31 and 0 < down < 1 << 31 and 1 / 1000 < across / down < 1000
    return Resolution(aspect=(float(across), float(down))) if usable else Resolution()


def _whole(ratio: tuple[float, float], largest: int) -> tuple[int, int]:
    across, down = ratio
    if across == int(across) <= largest and down == int(down) <= largest:
        return int(across), int(down)
    found = Fraction(across / down).limit_denominator(60)
    return max(found.numerator, 1), found.denominator


def _fraction(entry: Entry | None) -> float | None:
    if entry is None or entry.kind != RATIONAL or len(entry.data) != 8:
        return None
    numerator, denominator = struct.unpack("<II", entry.data)
    return numerator / denominator if denominator else None


def _rational(number: float) -> tuple[int, int]:
    found = Fraction(number).limit_denominator(max(1, min(10**6, int((1 << 31) / (number + 1)))))
    return found.numerator, found.denominator
