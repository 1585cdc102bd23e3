"""Metadata as a container can hold it, true for the pixels that are written, and what is not kept."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import replace

from edge.photo.metadata import resolution
from edge.photo.metadata.metadata import Chunk, Metadata
from edge.photo.metadata.png_chunks import TEXTS, Text, carried, text_chunk, texts
from edge.photo.metadata.resolution import Resolution
from edge.photo.metadata.tags.exif import PREFIX, exif_directory, sized_exif, with_entries
from edge.photo.metadata.xmp import extended
from edge.photo.metadata.xmp.mapping import (
    Value,
    comment_value,
    decoded_comment,
    iptc_values,
    text_values,
    with_values,
)
from edge.photo.metadata.xmp.packet import BrokenXmp
from edge.photo.metadata.xmp.stale import sized_xmp

_MAX_PROFILE = 255 * (extended.MAX_SEGMENT - 14)
_MAX_RESOURCE = 1 << 24
_COLOURS = {b"cICP", b"gAMA", b"cHRM", b"mDCV", b"cLLI"}
_DATE_TIME = 306
_MAX_NAMES = 5


def fitted(metadata: Metadata, width: int, height: int) -> tuple[Metadata, tuple[str, ...]]:
    """What a file of ``metadata.format`` is given, and what is not kept, in words.

    IPTC, comments and texts become XMP where the format has no place for them. Sizes are those of the
    pixels: ``width`` and ``height``.
    """
    lost = list(metadata.lost)
    if metadata.exif is not None:
        metadata = replace(metadata, exif=sized_exif(metadata.exif, width, height))
    if metadata.xmp is not None:
        metadata = replace(metadata, xmp=sized_xmp(metadata.xmp, width, height))
    if metadata.segments and metadata.format != "JPEG":
        names = {_segment_name(content) or f"APP{number}" for number, content in metadata.segments}
        lost.append(f"segments that only a JPEG has ({', '.join(sorted(names)[:_MAX_NAMES])})")
        metadata = replace(metadata, segments=())
    if metadata.format == "PNG":
        metadata = _for_png(metadata, lost)
    else:
        metadata = _without_chunks(metadata, lost)
        metadata = _for_jpeg(metadata, lost) if metadata.format == "JPEG" else _commented(metadata, lost)
        if metadata.format == "WEBP":
            metadata = _for_webp(metadata, lost)
    return metadata, tuple(dict.fromkeys(lost))


def resolution_of(metadata: Metadata) -> Resolution:
    """The three fields of the resolution as one."""
    return Resolution(metadata.dpi, metadata.centimetres, metadata.aspect)


def _segment_name(content: bytes) -> str:
    """The name at the beginning of a segment, if it is one."""
    name = content[:16].split(b"\0")[0].decode("ascii", "replace")
    return name if name.isalnum() and name.isascii() else ""


def _for_jpeg(metadata: Metadata, lost: list[str]) -> Metadata:
    if metadata.exif is not None and len(PREFIX) + len(metadata.exif) > extended.MAX_SEGMENT:
        lost.append(f"EXIF ({len(metadata.exif) >> 10} KiB), for which a JPEG has no room")
        metadata = replace(metadata, exif=None)
    if metadata.icc is not None and len(metadata.icc) > _MAX_PROFILE:
        lost.append("the colour profile, for which a JPEG has no room")
        metadata = replace(metadata, icc=None)
    if metadata.xmp is not None:
        try:
            extended.split(metadata.xmp)
        except BrokenXmp:
            lost.append("XMP, which is larger than a JPEG has room for and cannot be divided")
            metadata = replace(metadata, xmp=None)
    if len(metadata.iptc or b"") > _MAX_RESOURCE or len(metadata.resources) > _MAX_RESOURCE:
        lost.append("Photoshop's resources, for which a JPEG has no room")
        metadata = replace(metadata, iptc=None, resources=b"")
    return metadata


def _for_png(metadata: Metadata, lost: list[str]) -> Metadata:
    chunks = list(metadata.chunks)
    chunks += [text_chunk(Text("Comment", decoded_comment(one))) for one in metadata.comments]
    metadata = replace(metadata, chunks=carried(chunks), comments=())
    if metadata.iptc is not None and metadata.origin != "PNG":
        # The records are kept as such; most viewers of PNG read XMP only.
        return _mapped(metadata, iptc_values(metadata.iptc)[0], lost)
    return metadata


def _without_chunks(metadata: Metadata, lost: list[str]) -> Metadata:
    """A PNG's texts as XMP and comments, its time as XMP."""
    chunks, metadata = metadata.chunks, replace(metadata, chunks=())
    if not chunks:
        return metadata
    values, comments = text_values(texts(chunks))
    unread = sum(name in TEXTS for name, _ in chunks) - len(list(texts(chunks)))
    if unread:
        lost.append(f"{unread} {'text' if unread == 1 else 'texts'} that cannot be read")
    if {name for name, _ in chunks} & _COLOURS and metadata.icc is None:
        lost.append("the colour space of a PNG, which this format states by a profile")
    values += _modified(chunks, metadata)
    metadata = _mapped(metadata, values, lost)
    encoded = tuple(one.encode() for one in comments)
    return replace(metadata, comments=metadata.comments + encoded)


def _modified(chunks: Iterable[Chunk], metadata: Metadata) -> list[Value]:
    if metadata.exif is not None and _DATE_TIME in exif_directory(metadata.exif).entries:
        return []
    times = [content for name, content in chunks if name == b"tIME" and len(content) == 7]
    moments = [struct.unpack(">HBBBBB", content) for content in times[:1]]
    text = [("", "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z".format(*moment)) for moment in moments]
    return [Value("xmp:ModifyDate", "", tuple(text))] if text else []


def _commented(metadata: Metadata, lost: list[str]) -> Metadata:
    """Comments as XMP, for TIFF and WebP."""
    if not metadata.comments:
        return metadata
    value = comment_value([decoded_comment(one) for one in metadata.comments])
    return replace(_mapped(metadata, [value], lost), comments=())


def _for_webp(metadata: Metadata, lost: list[str]) -> Metadata:
    if metadata.iptc is not None:
        values, left = iptc_values(metadata.iptc)
        if left:
            lost.append(f"{left} IPTC {'field' if left == 1 else 'fields'} for which XMP has no place")
        metadata = _mapped(replace(metadata, iptc=None), values, lost)
    if metadata.resources:
        lost.append("Photoshop's resources (paths, print settings), which a WebP cannot hold")
        metadata = replace(metadata, resources=b"")
    stated = resolution_of(metadata)
    present = exif_directory(metadata.exif).entries if metadata.exif else {}
    new = resolution.entries(stated)
    if new and not {entry.tag for entry in new[:2]} <= present.keys():
        metadata = replace(metadata, exif=with_entries(metadata.exif, new))
    return metadata


def _mapped(metadata: Metadata, values: list[Value], lost: list[str]) -> Metadata:
    try:
        xmp, refused = with_values(metadata.xmp, values)
    except BrokenXmp:
        lost += [f"{one.name} (the photo's XMP is damaged)" for one in values]
        return metadata
    lost += [f"{one.name} from IPTC or texts, as the photo's XMP says otherwise" for one in refused]
    return replace(metadata, xmp=xmp)
