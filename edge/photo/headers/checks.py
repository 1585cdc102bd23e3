"""What every header is checked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from edge.errors import BrokenPhoto, PhotoTooLarge
from edge.photo.headers.kinds import ReadFormat
from edge.photo.headers.trimmed import Piece, Trimmed


@dataclass(frozen=True)
class Header:
    """The facts about a file that need no decoding."""

    format: ReadFormat
    width: int = 0
    """As stored; 0 where the decoder says it without decoding: TIFF, HEIC and AVIF."""
    height: int = 0
    decoder_bytes: int = 0
    """What the decoder holds at once beside the decoded picture, so far as the header tells."""
    bits: int = 8
    """Per channel; known for PNG and PNM. For TIFF it is not read here; the others are decoded to 8."""
    color_type: int | None = None
    """PNG only."""
    open_ended: bool = False
    """JPEG only: the end marker is missing; the decoder finds out whether pixels are missing too."""
    cicp: bytes | None = None
    """HEIC and AVIF only: primaries, curve, matrix and range as in a PNG's cICP, if they are not sRGB's."""
    lossless: bool = False
    """WebP only: the pixels were stored without loss."""
    pieces: tuple[Piece, ...] | None = None
    """What decoders are given of the file, where metadata is too large or too much; ``None``: all."""

    def trimmed(self, source: BinaryIO) -> BinaryIO:
        """The file as decoders are given it."""
        return source if self.pieces is None else cast(BinaryIO, Trimmed(source, self.pieces))


MAX_SIDE = 1_000_000
"""Longest side in pixels: decoders spend time and memory on each row, and no photo is longer."""


def check_size(width: int, height: int, path: Path, max_pixels: int) -> None:
    """Raise ``BrokenPhoto`` for a photo without pixels, ``PhotoTooLarge`` above the limits."""
    if width <= 0 or height <= 0:
        raise BrokenPhoto(f"{path} has no pixels; copy or export it again.")
    if max(width, height) > MAX_SIDE:
        raise PhotoTooLarge(
            f"{path} has {width} x {height} pixels by its header, and no side may be longer than "
            f"{MAX_SIDE}; cut it into parts."
        )
    if width * height > max_pixels:
        raise PhotoTooLarge(
            f"{path} has {width} x {height} pixels by its header, more than the limit of {max_pixels}; "
            "raise the limit if the file can be trusted, or make the photo smaller."
        )


def broken(path: Path) -> BrokenPhoto:
    """The error for a file whose data ends early or contradicts itself."""
    return BrokenPhoto(f"{path} is damaged or incomplete; copy it again from where it came from.")
