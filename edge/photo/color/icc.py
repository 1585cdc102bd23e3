"""ICC profiles of colour and gray photos."""

from __future__ import annotations

import struct
from functools import lru_cache

import numpy as np

from edge.photo.color.curves import Curve, Floats, from_profile
from edge.photo.color.space import GraySpace, MatrixSpace, Space, is_srgb

_MAX_TAGS = 200
_TABLES = (b"A2B0", b"A2B1")
_CURVES = (b"rTRC", b"gTRC", b"bTRC")
_POINTS = (b"rXYZ", b"gXYZ", b"bXYZ")


@lru_cache(maxsize=8)
def profile_space(icc: bytes, gray: bool) -> Space | None:
    """The space of a profile's gray or colour samples.

    None if it is sRGB but for rounding errors, and where viewers ignore a profile too: it is broken, leads
    in the other direction only, or is for other samples. A gray photo may have a profile for colours.
    """
    try:
        tags = _tags(icc)
        if icc[16:20] == b"GRAY":
            space = _gray(icc, tags) if gray else None
        elif icc[16:20] == b"RGB ":
            colours = _colours(icc, tags)
            space = GraySpace(neutral=colours) if gray else colours
        else:
            space = None
        return None if space is None or is_srgb(space, gray) else space
    except (struct.error, ValueError, LookupError, ArithmeticError, OSError):
        return None


def is_gray_profile(icc: bytes) -> bool:
    """Whether a profile is for gray samples only."""
    return icc[16:20] == b"GRAY"


def _tags(icc: bytes) -> dict[bytes, bytes]:
    (count,) = struct.unpack_from(">I", icc, 128)
    if icc[36:40] != b"acsp" or count > _MAX_TAGS:
        raise ValueError("not a profile")
    tags = {}
    for entry in range(132, 132 + 12 * count, 12):
        name, start, length = struct.unpack_from(">4sII", icc, entry)
        tags[name] = icc[start : start + length]
    return tags


def _colours(icc: bytes, tags: dict[bytes, bytes]) -> Space:
    # As colour management does: tables are more exact than curves and primaries, where a profile has both.
    if any(name in tags for name in _TABLES):
        # Here, for few photos have tables, and Pillow's colour management takes its time to import.
        from edge.photo.color.lut import LutSpace

        return LutSpace(icc)
    curves = [from_profile(tags[name]) for name in _CURVES]
    points = [struct.unpack_from(">3i", tags[name], 8) for name in _POINTS]
    if icc[20:24] != b"XYZ ":
        raise ValueError("primaries without XYZ")
    return MatrixSpace(curves, np.array(points).T / 65536)


def _gray(icc: bytes, tags: dict[bytes, bytes]) -> Space:
    curve = from_profile(tags[b"kTRC"])
    return GraySpace(_luminance(curve) if icc[20:24] == b"Lab " else curve)


def _luminance(lightness: Curve) -> Curve:
    """A curve to L* as a curve to linear light."""

    def curve(values: Floats) -> Floats:
        root = (100 * lightness(values) + 16) / 116
        return np.where(root > 6 / 29, root**3, (root - 16 / 116) / 7.787)

    return curve
