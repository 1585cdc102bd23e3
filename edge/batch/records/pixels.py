"""Whether two files, or a photo before and after, have the same pixels."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from PIL import Image

from edge.errors import PhotoError
from edge.photo.bands import row_bands
from edge.photo.decoding.decoder import decoding
from edge.photo.headers.reading import read_header
from edge.photo.photo import Photo

_DECODED = ("JPEG", "PNG", "TIFF", "WEBP", "BMP", "GIF", "PPM")
_AS_WRITTEN = ("L", "LA", "RGB", "RGBA", "RGBX", "I;16", "I;16L", "I;16B", "I")


def file_pixels_sha256(path: Path, max_pixels: int) -> str | None:
    """Digest of a file's pixels as they are stored, whatever its captions, profile and orientation.

    One decoded copy is in memory at a time. ``None`` where the file is not decoded by
    Pillow, or has several pages.
    """
    try:
        with path.open("rb") as source:
            read_header(source, path, max_pixels)
        with decoding(path, max_pixels), Image.open(path, formats=_DECODED) as image:
            if image.format == "TIFF" and getattr(image, "n_frames", 1) > 1:
                return None  # the first page may be a thumbnail
            image.load()
            digest = hashlib.sha256(f"{image.mode} {image.size}".encode())
            for rows in row_bands(image.height, image.width):
                digest.update(image.crop((0, rows.start, image.width, rows.stop)).tobytes())
    except (PhotoError, OSError):
        return None
    return digest.hexdigest()


def photo_sha256(photo: Photo) -> str:
    """Digest of a decoded photo's pixels and alpha."""
    digest = hashlib.sha256()
    for values in (photo.pixels, photo.alpha):
        if values is not None:
            digest.update(f"{values.dtype} {values.shape}".encode())
            for rows in row_bands(values.shape[0], values.shape[1]):  # a crop is not contiguous
                digest.update(np.ascontiguousarray(values[rows]).data)
    return digest.hexdigest()


def stored_as_written(path: Path, to: str, max_pixels: int) -> bool:
    """Whether a file that was read is as a result of format ``to``: no palette, no CMYK, one page."""
    try:
        with decoding(path, max_pixels), Image.open(path, formats=_DECODED) as image:
            if image.format == "TIFF" and getattr(image, "n_frames", 1) > 1:
                return False
            container = "JPEG" if image.format == "MPO" else image.format
            return container == to and image.mode in _AS_WRITTEN
    except PhotoError:
        return False
