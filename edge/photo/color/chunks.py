"""The colour space that a PNG states without a profile: cICP, or gAMA and cHRM."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from edge.photo.color import primaries
from edge.photo.color.curves import Curve, Floats, bt709, hlg, power, pq, srgb
from edge.photo.color.primaries import Point
from edge.photo.color.space import GraySpace, MatrixSpace, Space, is_srgb
from edge.photo.metadata.metadata import Chunk

Chunks = tuple[Chunk, ...]

COLOUR_CHUNKS = (b"cICP", b"gAMA", b"cHRM", b"sRGB")
"""The chunks that state a space."""

_CICP_PRIMARIES: Mapping[int, tuple[primaries.Primaries, Point]] = {
    1: (primaries.SRGB, primaries.D65),
    9: (primaries.BT2020, primaries.D65),
    11: (primaries.DISPLAY_P3, (0.314, 0.351)),
    12: (primaries.DISPLAY_P3, primaries.D65),
}
_CICP_CURVES: Mapping[int, Curve] = {
    **dict.fromkeys((1, 6, 14, 15), bt709),
    4: power(2.2),
    5: power(2.8),
    8: power(1.0),
    13: srgb,
    16: pq,
    18: hlg,
}
_HDR = (pq, hlg)

_SRGB_GAMMA = 0.45455
_SAME_GAMMA = 0.05
"""A gamma within this share of 1/2.2 stands for sRGB, as for libpng: writers of sRGB state it so."""


@lru_cache(maxsize=8)
def chunk_space(chunks: Chunks, gray: bool) -> Space | None:
    """The space of a PNG without a profile; None if it is sRGB, is not stated, or is not known."""
    stated = _stated(chunks)
    if stated is None:
        return None
    (points, white), curve = stated
    try:
        space = GraySpace(curve) if gray else MatrixSpace([curve] * 3, primaries.to_xyz(points, white))
        return None if is_srgb(space, gray) else space
    except (ArithmeticError, ValueError):
        return None


def chunk_profile(chunks: Chunks, gray: bool) -> bytes | None:
    """What `chunk_space` reads as a profile, for files of other kinds; None if no profile can state it."""
    stated = _stated(chunks)
    if stated is None or is_hdr(chunks) or chunk_space(chunks, gray) is None:
        return None
    (points, white), curve = stated
    matrix = None if gray else primaries.to_xyz(points, white)
    return primaries.profile(matrix, curve(np.linspace(0, 1, 1024)), "From PNG")


def is_hdr(chunks: Chunks) -> bool:
    """Whether samples may be brighter than white, which no profile can say."""
    stated = _stated(chunks)
    return stated is not None and stated[1] in _HDR


def _stated(chunks: Chunks) -> tuple[tuple[primaries.Primaries, Point], Curve] | None:
    """Primaries, white and curve, by the order of precedence of the PNG specification."""
    known = dict(chunks)
    try:
        if b"cICP" in known:
            colours, transfer, _, full_range = struct.unpack(">4B", known[b"cICP"])
            curve = _CICP_CURVES[transfer]
            return _CICP_PRIMARIES[colours], curve if full_range else _narrow(curve)
        if b"sRGB" in known or not known:
            return None
        points, white, curve = primaries.SRGB, primaries.D65, srgb
        if b"cHRM" in known:
            x_y = [value / 100000 for value in struct.unpack(">8I", known[b"cHRM"])]
            white, red, green, blue = zip(x_y[::2], x_y[1::2], strict=True)
            points = red, green, blue
        if b"gAMA" in known:
            gamma = struct.unpack(">I", known[b"gAMA"])[0] / 100000
            if abs(gamma / _SRGB_GAMMA - 1) > _SAME_GAMMA:
                curve = power(1 / gamma)
        return (points, white), curve
    except (struct.error, LookupError, ArithmeticError):
        return None


def _narrow(curve: Curve) -> Curve:
    """The same for samples from 16 to 235 of 255, as in video."""

    def narrowed(values: Floats) -> Floats:
        return curve(np.maximum((255 * values - 16) / 219, 0))

    return narrowed
