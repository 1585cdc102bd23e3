"""The data beside the pixels that travel with a photo."""

from __future__ import annotations

from dataclasses import dataclass, field

from edge.photo.headers.kinds import Format, ReadFormat
from edge.photo.quality import JpegCoding

Chunk = tuple[bytes, bytes]
"""Name and content of a PNG's chunk."""

Segment = tuple[int, bytes]
"""Number of a JPEG's application segment, 0 to 15, and its content."""


@dataclass(frozen=True)
class Metadata:
    """The data beside the pixels. What the format cannot hold is mapped when the photo is written."""

    format: Format
    exif: bytes | None = None
    """A TIFF structure without prefix; its orientation is 1."""
    icc: bytes | None = None
    """The profile that the file's pixels are encoded in; they are converted back to it."""
    dpi: tuple[float, float] | None = None
    """Across and down; ``None`` if the file states none."""
    xmp: bytes | None = None
    """A packet, the extension of a JPEG's included; its orientation is 1."""
    lossless: bool = False
    """A WebP whose pixels were stored without loss."""
    coding: JpegCoding | None = field(default=None, compare=False)
    """How a JPEG was stored, so that its result is stored likewise."""
    centimetres: bool = False
    """Whether the file states its resolution per centimetre."""
    aspect: tuple[float, float] | None = None
    """Across and down, where a file has only the ratio of its resolutions."""
    iptc: bytes | None = None
    """IPTC-IIM records."""
    resources: bytes = b""
    """Photoshop's image resources without IPTC, thumbnails and copies of EXIF, XMP and profile."""
    comments: tuple[bytes, ...] = ()
    """Of a JPEG or a GIF."""
    segments: tuple[Segment, ...] = ()
    """Of a JPEG: those of camera makers and others, such as ``PictureInfo``."""
    chunks: tuple[Chunk, ...] = ()
    """Of a PNG: texts, time, colours, and others that may be copied."""
    origin: ReadFormat | None = field(default=None, compare=False)
    """The format that was read."""
    lost: tuple[str, ...] = field(default=(), compare=False)
    """What was in the file and could not be read, or is true of the file only, in words."""
