"""Whether two files, or a photo before and after, have the same pixels."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np

from edge.errors import MemoryBudgetExceeded, PhotoError
from edge.photo.bands import image_bands, row_bands
from edge.photo.decoding.decoder import decoding, open_image
from edge.photo.headers.reading import read_header
from edge.photo.needs import check, check_bytes, check_opening, need
from edge.photo.opened import opened
from edge.photo.photo import Photo
from edge.photo.tiffs.pages import chosen_page, directory_count

_DECODED = ("JPEG", "PNG", "TIFF", "WEBP", "BMP", "GIF", "PPM")
_AS_WRITTEN = ("L", "LA", "RGB", "RGBA", "RGBX", "I;16", "I;16L", "I;16B", "I")


def file_pixels_sha256(path: Path, max_pixels: int, max_memory: int | None = None) -> str | None:
    """Digest of a file's pixels as they are stored, whatever its captions, profile and orientation.

    One decoded copy is in memory at a time. ``None`` where the file is not decoded by
    Pillow, has several pages, or needs more memory than ``max_memory`` or the machine has.
    """
    try:
        with opened(path) as source:
            header = read_header(source, path, max_pixels)
            if header.format not in _DECODED or (header.format == "TIFF" and directory_count(source) != 1):
                return None  # the first page may be a thumbnail
            check_opening(header, source, path, max_memory)
            if header.format == "TIFF":
                check_bytes(chosen_page(source, path, None).tag_bytes, path, max_memory)
            with decoding(path, max_pixels):
                # A file that ends without its marker has no pixels that are known for certain.
                image = open_image(source, replace(header, open_ended=False), path, max_pixels)
                check(need(image, header, source), path, max_memory)
                image.load()
            digest = hashlib.sha256(f"{image.mode} {image.size}".encode())
            for _, band in image_bands(image):
                digest.update(band.tobytes())
    except (PhotoError, MemoryBudgetExceeded):
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
        with opened(path) as source:
            header = read_header(source, path, max_pixels)
            if header.format != to or (to == "TIFF" and directory_count(source) != 1):
                return False
            with decoding(path, max_pixels):
                return open_image(source, header, path, max_pixels).mode in _AS_WRITTEN
    except PhotoError:
        return False
