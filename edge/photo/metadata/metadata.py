"""The data beside the pixels that travel with a photo."""

from __future__ import annotations

from dataclasses import dataclass

from edge.photo.header import Format


@dataclass(frozen=True)
class Metadata:
    """The data beside the pixels that a file of the same kind needs."""

    format: Format
    exif: bytes | None = None
    """A TIFF structure without prefix; its orientation is 1."""
    icc: bytes | None = None
    """The profile that the file's pixels are encoded in; 8-bit pixels are converted back to it."""
    dpi: tuple[float, float] | None = None
    """Across and down."""
    xmp: bytes | None = None
    lossless: bool = False
    """A WebP whose pixels were stored without loss."""
