"""CIE L*a*b* samples as RGB of 16 bits in a space wide enough for them: ROMM, known as ProPhoto."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from edge.photo.bands import Pixels, row_bands
from edge.photo.color import primaries
from edge.photo.tiffs.opening import ICC_LAB

_WHITE = np.array([0.9642, 1.0, 0.8249], np.float32)  # D50, on which Lab of photo files rests
_GAMMA = 1.8
_CURVE_POINTS = 1024
_TOP = 65535
# Linear RGB to XYZ under D50.
_ROMM = ((0.7976749, 0.1351917, 0.0313534), (0.2880402, 0.7118741, 0.0000857), (0.0, 0.0, 0.82521))


@functools.cache
def romm_profile() -> bytes:
    """The ICC profile of the space."""
    curve = np.linspace(0, 1, _CURVE_POINTS) ** _GAMMA
    return primaries.profile(np.array(_ROMM), curve, "ROMM RGB (from L*a*b*)")


def rgb_of_lab(samples: Pixels, kind: int) -> NDArray[np.uint16]:
    """``(H, W, 3)`` of the space `romm_profile` from the samples of a TIFF, read as whole numbers >= 0.

    Args:
        samples: ``(H, W, 3)``, uint8 or uint16; uint16 is converted in place.
        kind: ``CIE_LAB``, whose a* and b* have a sign, or ``ICC_LAB``, where they are shifted.
    """
    deep = samples.dtype == np.uint16
    pixels = samples if deep else np.empty(samples.shape, np.uint16)
    to_rgb = np.linalg.inv(np.array(_ROMM)).astype(np.float32)
    for rows in row_bands(*samples.shape[:2]):
        band = samples[rows]
        if kind == ICC_LAB:
            lightness = band[..., 0].astype(np.float32) * (100 / (0xFF00 if deep else 255))
            colours = band[..., 1:].astype(np.float32) / (256 if deep else 1) - 128
        else:
            lightness = band[..., 0].astype(np.float32) * (100 / (_TOP if deep else 255))
            signed = np.ascontiguousarray(band[..., 1:]).view(np.int16 if deep else np.int8)
            colours = signed.astype(np.float32) / (256 if deep else 1)
        y = (lightness + 16) / 116
        roots = np.stack([y + colours[..., 0] / 500, y, y - colours[..., 1] / 200], axis=-1)
        xyz = np.where(roots > 6 / 29, roots**3, (roots - 16 / 116) * (3 * (6 / 29) ** 2)) * _WHITE
        light = np.clip(xyz @ to_rgb.T, 0, 1)
        pixels[rows] = np.rint(light ** (1 / _GAMMA) * _TOP)
    return pixels  # type: ignore[return-value]
