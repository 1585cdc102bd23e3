"""Transfer curves: sample values 0..1 to linear light, where 1 is white."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Curve = Callable[[Floats], Floats]

HDR_WHITE = 203.0
"""Luminance in cd/m2 that counts as white in PQ; brighter samples are seen as white."""

_HLG_WHITE = 0.75
_MAX_POINTS = 1 << 16
_PARAMETERS = {0: 1, 1: 3, 2: 4, 3: 5, 4: 7}


def srgb(values: Floats) -> Floats:
    """sRGB-encoded values to linear light."""
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def power(exponent: float) -> Curve:
    """A pure power function."""
    return lambda values: values**exponent


def bt709(values: Floats) -> Floats:
    """The inverse of the camera's curve of BT.709, BT.601 and BT.2020."""
    return np.where(values < 0.081, values / 4.5, ((values + 0.099) / 1.099) ** (1 / 0.45))


def pq(values: Floats) -> Floats:
    """PQ (SMPTE ST 2084) relative to `HDR_WHITE`."""
    root = np.maximum(values, 0) ** (32 / 2523)
    light = np.maximum(root - 107 / 128, 0) / (2413 / 128 - 2392 / 128 * root)
    return np.asarray(10000 / HDR_WHITE * light ** (8192 / 1305))


def hlg(values: Floats) -> Floats:
    """HLG relative to its white at 75 %; the display's own gamma is left out."""

    def scene(signal: Floats) -> Floats:
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        return np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)

    return np.asarray(scene(values) / scene(np.array(_HLG_WHITE)))


def table(points: Floats) -> Curve:
    """A curve through ``points`` at equal distances."""
    places = np.linspace(0, 1, len(points))
    return lambda values: np.interp(values, places, points)


def from_profile(tag: bytes) -> Curve:
    """The curve of a profile's tag of type ``curv`` or ``para``.

    Raises:
        ValueError: Another type, or a curve that does not rise.
        struct.error: The tag is too short.
    """
    if tag[:4] == b"curv":
        curve = _sampled(tag)
    elif tag[:4] == b"para":
        curve = _parametric(tag)
    else:
        raise ValueError("no curve")
    ends = curve(np.array([0.0, 1.0]))
    if not (np.isfinite(ends).all() and ends[1] - ends[0] > 0.1):
        raise ValueError("a curve that does not rise")
    return curve


def _sampled(tag: bytes) -> Curve:
    (count,) = struct.unpack_from(">I", tag, 8)
    if count == 0:
        return power(1.0)
    if count == 1:
        return power(struct.unpack_from(">H", tag, 12)[0] / 256)
    if count > _MAX_POINTS or len(tag) < 12 + 2 * count:
        raise ValueError("a curve of more points than its tag has")
    return table(np.frombuffer(tag, ">u2", count, 12) / 65535)


def _parametric(tag: bytes) -> Curve:
    (kind,) = struct.unpack_from(">H", tag, 8)
    if kind not in _PARAMETERS:
        raise ValueError("an unknown curve")
    count = _PARAMETERS[kind]
    read = [number / 65536 for number in struct.unpack_from(f">{count}i", tag, 12)]
    exponent, a, b, c, d, e, f = (read + [0.0] * 7)[:7]
    if kind == 0:
        return power(exponent)
    if kind in (1, 2):  # above -b/a a power, below it c or nothing
        if a == 0:
            raise ValueError("a curve that does not rise")
        c, d, e, f = 0.0, -b / a, c, c
    return lambda values: np.where(
        values >= d, np.maximum(a * values + b, 0) ** exponent + e, c * values + f
    )
