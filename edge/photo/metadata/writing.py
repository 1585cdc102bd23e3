"""Metadata as Pillow's encoders of JPEG and WebP take them."""

from __future__ import annotations

from typing import Any

from edge.photo.metadata.metadata import Metadata

_MAX_JPEG_SEGMENT = 65533
_XMP_NAME = 29


def encoder_options(metadata: Metadata) -> dict[str, Any]:
    """Pillow's options for the metadata of a JPEG or a WebP."""
    options: dict[str, Any] = {"icc_profile": metadata.icc}
    exif, xmp = metadata.exif or b"", metadata.xmp or b""
    if metadata.format == "JPEG":
        if metadata.dpi is not None:
            options["dpi"] = tuple(round(number) for number in metadata.dpi)
        exif = b"Exif\0\0" + exif if exif else b""
        exif = exif if len(exif) <= _MAX_JPEG_SEGMENT else b""
        xmp = xmp if len(xmp) + _XMP_NAME <= _MAX_JPEG_SEGMENT else b""
    return options | {"exif": exif, "xmp": xmp}
