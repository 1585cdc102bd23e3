"""The quality at which JPEG and WebP are written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PIL.Image import Image
from PIL.JpegImagePlugin import JpegImageFile, get_sampling

QUALITY = 95
"""Of results whose photo was no JPEG, with colours in full resolution."""

LEAST_QUALITY = 75
"""Tables of a lower quality are not used again: they would put back the blocks that were taken out."""

_LEAST_QUALITY_STEPS = 1858
"""The sum of the steps of luminance at `LEAST_QUALITY`."""

_LOSSLESS_EFFORT = 20
_FULL = 0
_MAX_TABLES = 4


@dataclass(frozen=True)
class JpegCoding:
    """How a JPEG is stored."""

    tables: tuple[tuple[int, ...], ...]
    """Quantization of luminance and colours, 64 steps each."""
    sampling: int
    """Colours in full resolution (0), halved across (1), or across and down (2)."""


def coding_of(image: Image) -> JpegCoding | None:
    """How an opened JPEG is stored; None for other files.

    A sampling that Pillow does not write counts as full.
    """
    if not isinstance(image, JpegImageFile) or not 0 < len(image.quantization) <= _MAX_TABLES:
        return None
    tables = tuple(tuple(image.quantization[number]) for number in sorted(image.quantization))
    return JpegCoding(tables, max(get_sampling(image), _FULL))


def quality_options(
    kind: str, coding: JpegCoding | None, lossless: bool, quality: int | None
) -> dict[str, Any]:
    """Pillow's options for a JPEG or a WebP: the quality that is asked for, else that of the source."""
    if kind == "JPEG":
        return _jpeg(coding, quality)
    if lossless and quality is None:
        return {"exact": True, "lossless": True, "quality": _LOSSLESS_EFFORT}
    return {"exact": True, "quality": QUALITY if quality is None else quality}


def _jpeg(coding: JpegCoding | None, quality: int | None) -> dict[str, Any]:
    sampling = coding.sampling if coding else _FULL
    if quality is not None or coding is None:
        return {"quality": QUALITY if quality is None else quality, "subsampling": sampling}
    if sum(coding.tables[0]) > _LEAST_QUALITY_STEPS:
        return {"quality": LEAST_QUALITY, "subsampling": sampling}
    return {"qtables": [list(table) for table in coding.tables], "subsampling": sampling}
