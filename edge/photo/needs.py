"""The memory that reading a photo takes, by its header and before anything is decoded.

The most is held either while the decoder works, beside Pillow's copy of the photo, or while that copy is
converted to the photo's own arrays. The numbers were measured with 12 megapixels of each kind.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from PIL.ImageFile import ImageFile

from edge import memory
from edge.errors import MemoryBudgetExceeded
from edge.photo.color.encoding import encoding_of
from edge.photo.decoding.decoder import decoding, open_image
from edge.photo.decoding.sixteen_bit import is_16_bit
from edge.photo.headers.checks import Header
from edge.photo.headers.kinds import WRITTEN_AS
from edge.photo.headers.reading import read_header
from edge.photo.metadata.metadata import Metadata
from edge.photo.metadata.png_chunks import read_chunks
from edge.photo.opened import opened
from edge.photo.tiffs.needs import decoder_bytes, is_turned
from edge.photo.tiffs.opening import PlanarTiff, lab_of
from edge.photo.tiffs.pages import chosen_page

_BANDS = 12 << 20
"""Of bands of rows on their way from one layout to another, and of gaps that earlier photos left."""
_ROW = 8
"""Pillow keeps the address of each row."""
_STORED = {"1": 1, "L": 1, "P": 1}
_GRAY = ("1", "L", "LA", "La")
_WITH_ALPHA = ("LA", "La", "PA", "RGBA", "RGBa")
_FILE_COPIES = {"WEBP": 2, "AVIF": 5, "HEIF": 5}
"""The decoders of these take the file as a whole: copies of it and of its metadata."""
_CANVASES, _FRAME = 8, 4
"""Bytes a pixel that a WebP's decoder holds from its opening on, and for a frame."""
_PLANES = {"AVIF": 12, "HEIF": 10}
"""The same for the most that decoders hold: planes of luminance and colours in full resolution, of an AVIF
in 16 bits, and one more copy."""


@dataclass(frozen=True)
class Need:
    """What reading a photo takes."""

    width: int
    """In pixels as stored, before the photo is turned."""
    height: int
    bytes: int
    """At the peak, the photo's own arrays included; the process itself is not."""


def need_of(path: Path, max_pixels: int, page: int | None = None, max_memory: int | None = None) -> Need:
    """The need of a file; nothing is decoded.

    Raises:
        PhotoError: As `edge.photo.photo.read_photo`.
        MemoryBudgetExceeded: Opening alone takes more than ``max_memory`` or the machine has.
    """
    with opened(path) as source:
        header = read_header(source, path, max_pixels)
        check_opening(header, source, path, max_memory)
        with decoding(path, max_pixels):
            index, held = 0, 0
            if header.format == "TIFF":
                chosen = chosen_page(source, path, page)
                index, held = chosen.index, chosen.tag_bytes
                check_bytes(held, path, max_memory)
            found = need(open_image(source, header, path, max_pixels, index), header, source)
            return replace(found, bytes=found.bytes + held)


def need(image: ImageFile, header: Header, source: BinaryIO) -> Need:
    """The need of an opened file that is not decoded yet. Call within ``decoding``."""
    width, height = image.size
    area = width * height
    if header.format == "PPM" and header.bits == 16:
        return Need(width, height, _BANDS + (2 if image.mode.startswith("I") else 6) * area)
    tiff = image if isinstance(image, PlanarTiff) else None
    planes = len(tiff.tag_v2[258]) if tiff and tiff.planes else 0
    depth = 2 if is_16_bit(image) or (tiff and tiff.planes and max(tiff.tag_v2[258]) > 8) else 1
    gray = image.mode in _GRAY or image.mode.startswith("I")
    stored = area * (2 if image.mode.startswith("I") else _STORED.get(image.mode, 4))
    copies = 2 if depth == 2 and not image.mode.startswith("I") else 1
    colours = area * depth * (1 if gray else 3)
    alpha = area * depth if image.mode in _WITH_ALPHA or "transparency" in image.info else 0
    arrays = colours + alpha
    if planes:
        stored, copies = area * depth, 1
        arrays = area * depth * planes * (1 if planes in (1, 3) else 2)
    if lab_of(image) is not None:
        arrays += 2 * 6 * area - (colours if depth == 2 else 0)
    elif _is_outside_srgb(image, header, source):
        arrays += colours
    if tiff and is_turned(tiff):
        stored *= 2
    stored = (stored + _ROW * height) * copies
    decoder = header.decoder_bytes + (decoder_bytes(tiff) if tiff else 0)
    held = 0
    if header.format == "WEBP":
        held, decoder = _CANVASES * area, _FRAME * area
    elif header.format in ("AVIF", "HEIF"):
        decoder = _PLANES[header.format] * area
    if header.format in _FILE_COPIES:
        held += _FILE_COPIES[header.format] * header.trimmed(source).seek(0, 2)
    # Samples of 16 bits are decoded twice, the second time beside the arrays.
    most = decoder + arrays if copies == 2 else max(decoder, arrays)
    return Need(width, height, _BANDS + held + stored + most)


def check_opening(header: Header, source: BinaryIO, path: Path, max_memory: int | None) -> None:
    """Raise `MemoryBudgetExceeded` where a decoder holds too much as soon as the file is opened."""
    if header.format not in _FILE_COPIES:
        return
    area = header.width * header.height
    opening = _CANVASES * area if header.format == "WEBP" else 0
    opening += _FILE_COPIES[header.format] * header.trimmed(source).seek(0, 2)
    check(Need(header.width, header.height, opening), path, max_memory)


def check_bytes(held: int, path: Path, max_memory: int | None) -> None:
    """Raise `MemoryBudgetExceeded` for what is read before the photo's size is known."""
    check(Need(0, 0, held), path, max_memory)


def check(needed: Need, path: Path, max_memory: int | None) -> None:
    """Raise `MemoryBudgetExceeded` for a need above the limit of the process, or above what is free.

    Args:
        needed: The need of the photo.
        path: Its name for messages.
        max_memory: Bytes for the whole process; ``None``: what the machine has left.
    """
    total = memory.BASE + needed.bytes
    size = f" of {needed.width}x{needed.height} pixels" if needed.width else ""
    if max_memory is not None and total > max_memory:
        raise MemoryBudgetExceeded(
            f"{path}: a photo{size} needs at least {(total >> 20) + 1} MB to be read; allow more with "
            "--max-memory, or shrink the photo."
        )
    free = memory.available()
    if max_memory is None and free is not None and needed.bytes > free:
        raise MemoryBudgetExceeded(
            f"{path}: a photo{size} needs at least {(needed.bytes >> 20) + 1} MB to be read, and this "
            f"machine has {free >> 20} MB left; close other programs, or shrink the photo."
        )


def _is_outside_srgb(image: ImageFile, header: Header, source: BinaryIO) -> bool:
    """Whether an opened file is seen as sRGB and kept as it is, too."""
    chunks = tuple(read_chunks(header.trimmed(source))) if header.format == "PNG" else ()
    if header.cicp:
        chunks = ((b"cICP", header.cicp),)
    metadata = Metadata(WRITTEN_AS[header.format], icc=image.info.get("icc_profile"), chunks=chunks)
    return image.mode != "CMYK" and any(encoding_of(metadata, gray) for gray in (False, True))
