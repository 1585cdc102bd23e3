"""Headers of photo files, checked before anything is decoded.

A file is untrusted: the checks here cost no more than reading it once, allocate nothing that the
file asks for, and refuse what the decoders would silently get wrong (a PNG whose data fails its
checksums, a JPEG with thousands of scans).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import BinaryIO

from edge.errors import BrokenPhoto, UnsupportedPhoto
from edge.photo.headers.bitmaps import read_bmp_header, read_gif_header, read_pnm_header
from edge.photo.headers.boxes import read_box_header
from edge.photo.headers.checks import Header, broken
from edge.photo.headers.directories import TIFF_SIGNATURES
from edge.photo.headers.jpeg import read_jpeg_header
from edge.photo.headers.kinds import ReadFormat, kind_by_content, kind_by_suffix
from edge.photo.headers.png import PNG_SIGNATURE, read_png_header
from edge.photo.headers.webp import read_webp_header

_READERS: dict[ReadFormat, Callable[[BinaryIO, Path, int], Header]] = {
    "JPEG": read_jpeg_header,
    "PNG": read_png_header,
    "TIFF": lambda source, path, max_pixels: Header("TIFF"),
    "WEBP": read_webp_header,
    "BMP": read_bmp_header,
    "GIF": read_gif_header,
    "PPM": read_pnm_header,
    "AVIF": partial(read_box_header, "AVIF"),
    "HEIF": partial(read_box_header, "HEIF"),
}


_SIGNATURES = (PNG_SIGNATURE, b"\xff\xd8\xff", *TIFF_SIGNATURES)


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
    kind = kind_by_content(source, path)
    if kind is not None and kind.format is not None:
        return _READERS[kind.format](source, path, max_pixels)
    if kind is None and any(known.startswith(start) for known in _SIGNATURES):
        raise broken(path)
    kind = kind or kind_by_suffix(path)
    if kind is not None and kind.format is None:
        raise UnsupportedPhoto(kind.sentence(path))
    raise UnsupportedPhoto(f"{path} is not a photo of a kind that is read; save it as a JPEG or TIFF.")
