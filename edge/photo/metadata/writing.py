"""Metadata as the encoders take it: Pillow's of JPEG and WebP, and our own of PNG."""

from __future__ import annotations

import struct
from typing import Any, BinaryIO

from edge.photo.metadata import photoshop, resolution
from edge.photo.metadata.fitting import resolution_of
from edge.photo.metadata.metadata import Chunk, Metadata
from edge.photo.metadata.png_chunks import COLOURS, XMP_KEYWORD, raw_profile_chunk
from edge.photo.metadata.tags.exif import PREFIX as EXIF_PREFIX
from edge.photo.metadata.xmp import extended

_JFIF = b"\xff\xd8\xff\xe0\0\x10JFIF\0"
_APP1, _APP13, _COMMENT = 0xE1, 0xED, 0xFE


def encoder_options(metadata: Metadata) -> dict[str, Any]:
    """Pillow's options for the fitted metadata of a JPEG or a WebP."""
    exif, xmp = metadata.exif or b"", metadata.xmp or b""
    if metadata.format == "JPEG":
        exif = EXIF_PREFIX + exif if exif else b""
        return {"icc_profile": metadata.icc, "exif": exif, "extra": _segments(metadata)}
    return {"icc_profile": metadata.icc, "exif": exif, "xmp": xmp}


def state_resolution(out: BinaryIO, metadata: Metadata) -> None:
    """Set the resolution in the first segment of a JPEG that is written; Pillow knows only inches."""
    stated = resolution.jfif(resolution_of(metadata))
    out.seek(0)
    if stated is not None and out.read(len(_JFIF)) == _JFIF:
        out.seek(len(_JFIF) + 2)
        out.write(stated)


def png_chunks(metadata: Metadata, channels: int) -> list[Chunk]:
    """The chunks of a PNG with this number of channels that precede its pixels, but for the profile."""
    first: list[Chunk] = []
    rest: list[Chunk] = []
    for name, content in metadata.chunks:
        if name == b"sBIT" and len(content) != channels:
            continue
        (first if name in COLOURS else rest).append((name, content))
    if (stated := resolution.phys(resolution_of(metadata))) is not None:
        first.append((b"pHYs", stated))
    if metadata.exif is not None:
        first.append((b"eXIf", metadata.exif))
    if metadata.xmp is not None:
        first.append((b"iTXt", XMP_KEYWORD.encode() + bytes(5) + metadata.xmp))
    if block := photoshop.joined_resources(metadata.iptc, metadata.resources):
        rest.append(raw_profile_chunk("iptc", block))
    return first + rest


def _segments(metadata: Metadata) -> bytes:
    """A JPEG's segments of XMP, Photoshop's resources with IPTC, and comments."""
    parts: list[tuple[int, bytes]] = []
    if metadata.xmp:
        main, extensions = extended.split(metadata.xmp)
        parts += [(_APP1, extended.MAIN_NAME + main), *((_APP1, one) for one in extensions)]
    block = photoshop.joined_resources(metadata.iptc, metadata.resources)
    size = extended.MAX_SEGMENT - len(photoshop.PREFIX)
    starts = range(0, len(block), size)
    parts += [(_APP13, photoshop.PREFIX + block[place : place + size]) for place in starts]
    parts += [(0xE0 + number, content) for number, content in metadata.segments]
    for comment in metadata.comments:
        starts = range(0, max(len(comment), 1), extended.MAX_SEGMENT)
        parts += [(_COMMENT, comment[place : place + extended.MAX_SEGMENT]) for place in starts]
    return b"".join(struct.pack(">BBH", 0xFF, marker, len(part) + 2) + part for marker, part in parts)
