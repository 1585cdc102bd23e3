"""The metadata of an opened file."""

from __future__ import annotations

import math
import re
from typing import Any, BinaryIO

from PIL.ImageFile import ImageFile

from edge.photo.header import Header
from edge.photo.metadata.exif import upright
from edge.photo.metadata.metadata import Metadata
from edge.photo.tiff import exif_block

_XMP_ORIENTATION = re.compile(rb'(tiff:Orientation(?:="|>))[0-9]')
# Pillow reports 1 dot per inch for a TIFF without a resolution.
_MIN_DPI, _MAX_DPI = 2, 65535


def read_metadata(image: ImageFile, header: Header, source: BinaryIO) -> tuple[int, Metadata]:
    """The orientation that is still to be applied, 1 to 8, and the metadata for writing.

    Args:
        image: The decoded file: a PNG's metadata may lie behind its pixels.
        header: Its header.
        source: The opened file, whose position is lost.
    """
    info = image.info
    orientation, exif = 1, None
    if header.format == "TIFF":  # Pillow has turned the pixels already
        exif = _tiff_exif(image)
    elif block := _exif(info):
        found = upright(block)
        if found is not None:
            orientation, exif = found
    xmp = info.get("xmp")
    return orientation, Metadata(
        header.format,
        exif,
        info.get("icc_profile") or None,
        _dpi(info.get("dpi")),
        _XMP_ORIENTATION.sub(rb"\g<1>1", xmp) if isinstance(xmp, bytes) and xmp else None,
        header.lossless,
    )


def _exif(info: dict[Any, Any]) -> bytes:
    if isinstance(exif := info.get("exif"), bytes):
        return exif
    try:  # older PNG writers: hexadecimal digits in a text chunk, after three lines of header
        return bytes.fromhex("".join(info["Raw profile type exif"].split("\n")[3:]))
    except (KeyError, ValueError, AttributeError):
        return b""


def _tiff_exif(image: ImageFile) -> bytes | None:
    try:
        return exif_block(image)
    except Exception:  # a broken EXIF block must not keep the photo from being restored
        return None


def _dpi(value: Any) -> tuple[float, float] | None:
    try:
        across, down = (float(number) for number in value)
    except (TypeError, ValueError, ArithmeticError):
        return None
    usable = all(math.isfinite(number) and _MIN_DPI <= number <= _MAX_DPI for number in (across, down))
    return (across, down) if usable else None
