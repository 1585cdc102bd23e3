"""The encoding of a file's samples, by what the file says of it."""

from __future__ import annotations

from dataclasses import replace

from edge.photo.color.chunks import COLOUR_CHUNKS, chunk_profile, chunk_space, is_hdr
from edge.photo.color.icc import is_gray_profile, profile_space
from edge.photo.color.space import Space
from edge.photo.metadata.metadata import Chunk, Metadata


def encoding_of(metadata: Metadata, gray: bool) -> Space | None:
    """The space of a file's gray or colour samples; None for sRGB.

    A PNG's cICP comes before its profile, and the profile before its other chunks.
    """
    chunks = _stating(metadata)
    if metadata.icc is not None and b"cICP" not in dict(chunks):
        return profile_space(metadata.icc, gray)
    return chunk_space(chunks, gray)


def written_as(metadata: Metadata, gray: bool) -> tuple[Metadata, Space | None]:
    """Metadata with the profile and chunks that a file of its format is given, and its samples' space.

    A profile for gray is dropped from photos that have become colour and from WebP, which has no gray. What
    chunks of a PNG state is a profile elsewhere. Where neither can be, the photo is written as sRGB.
    """
    kind, chunks = metadata.format, _stating(metadata)
    if metadata.icc is not None and is_gray_profile(metadata.icc) and (not gray or kind == "WEBP"):
        metadata, chunks = _without(replace(metadata, icc=None)), ()
    space = encoding_of(metadata, gray)
    if kind == "PNG" or not chunks:
        return metadata, space
    if metadata.icc is None or b"cICP" in dict(chunks):
        profile = chunk_profile(chunks, gray and kind != "WEBP")
        metadata = replace(metadata, icc=profile)
        space = space if profile else None
    return (metadata if is_hdr(chunks) else _without(metadata)), space


def _stating(metadata: Metadata) -> tuple[Chunk, ...]:
    return tuple(chunk for chunk in metadata.chunks if chunk[0] in COLOUR_CHUNKS)


def _without(metadata: Metadata) -> Metadata:
    """The metadata without chunks that state a colour space."""
    return replace(metadata, chunks=tuple(one for one in metadata.chunks if one[0] not in COLOUR_CHUNKS))
