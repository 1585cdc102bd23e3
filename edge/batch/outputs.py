"""Outputs: the hidden file that holds one until it is moved, and the format that its name asks for."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from edge.errors import UnsupportedPhoto
from edge.photo.headers.kinds import Format
from edge.photo.photo import Photo


def staging_name(target: Path) -> Path:
    """The hidden file in the same folder that holds an output until it is moved; its name is short."""
    name = hashlib.sha256(target.name.encode(errors="surrogateescape")).hexdigest()[:16]
    return target.with_name(f".heirloom-{name}{target.suffix}")


def converted(photo: Photo, to: Format) -> Photo:
    """The photo with another output format. Raises `UnsupportedPhoto` if that would lose depth or alpha."""
    holds_16_bit, holds_alpha = to in ("PNG", "TIFF"), to != "JPEG"
    if photo.pixels.dtype != "uint8" and not holds_16_bit:
        raise UnsupportedPhoto(f"A {to} cannot hold 16-bit pixels; choose .png or .tif for the output.")
    if photo.alpha is not None and not holds_alpha:
        raise UnsupportedPhoto(f"A {to} cannot hold transparency; choose .png or .tif for the output.")
    return replace(photo, metadata=replace(photo.metadata, format=to))
