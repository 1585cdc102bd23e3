"""Colour profiles: bands of 8-bit pixels to sRGB and back.

Pillow's colour management works on 8 bits; 16-bit photos keep their encoding and their profile.
Colours that a wide-gamut profile can express and sRGB cannot are clipped to sRGB.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Literal

from PIL import Image, ImageCms

Mode = Literal["L", "RGB", "CMYK"]
Convert = Callable[[Image.Image], Image.Image]

_SPACES = {"GRAY": "L", "RGB": "RGB", "CMYK": "CMYK"}
_INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC
_FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION
# Profiles called sRGB differ by a rounding error; converting would cost time and change pixels.
_SAME_LEVELS = 2


def unchanged(band: Image.Image) -> Image.Image:
    """The identity, for photos that are sRGB already."""
    return band


def conversions(icc: bytes, mode: Mode) -> tuple[Convert, Convert] | None:
    """The conversions of a band of ``mode`` to sRGB ("L" or "RGB", 8 bits), and back.

    A gray photo may have a gray or an RGB profile, a colour photo only one of its own space. The
    second conversion of a CMYK profile is ``unchanged``: such photos are written as sRGB.
    ``None`` if the profile is broken, is for other pixels, or works in one direction only: such a
    profile is dropped and the pixels are taken as they are.
    """
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        space = _SPACES.get(profile.profile.xcolor_space.strip(), "")
        srgb = ImageCms.createProfile("sRGB")
        if mode == "CMYK":
            return (_transform(profile, srgb, "CMYK", "RGB"), unchanged) if space == mode else None
        if space not in (("RGB",) if mode == "RGB" else ("L", "RGB")):
            return None
        forward = _transform(profile, srgb, space, "RGB")
        back = _transform(srgb, profile, "RGB", space)
        if mode == "L":
            ramp = Image.frombytes("L", (256, 1), bytes(range(256)))
            forward, back = _curve(forward(ramp.convert(space))), _curve(back(ramp.convert("RGB")))
            probe = ramp
        else:
            probe = _cube()
        if _largest_difference(probe, forward(probe)) <= _SAME_LEVELS:
            return unchanged, unchanged
        return forward, back
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError, AttributeError):
        return None


def _transform(source: object, target: object, mode: str, out_mode: str) -> Convert:
    built = ImageCms.buildTransform(source, target, mode, out_mode, _INTENT, _FLAGS)  # type: ignore[arg-type]

    def convert(band: Image.Image) -> Image.Image:
        return built.apply(band)

    return convert


def _curve(ramp: Image.Image) -> Convert:
    """A gray band's conversion as a table: ``ramp`` is what the 256 levels become."""
    levels = list(ramp.getchannel("G" if ramp.mode == "RGB" else 0).tobytes())
    return lambda band: band.point(levels)


def _cube() -> Image.Image:
    """9 x 9 x 9 colours spread over the whole range."""
    steps = [min(255, 32 * step) for step in range(9)]
    colors = bytes(value for r in steps for g in steps for b in steps for value in (r, g, b))
    return Image.frombytes("RGB", (729, 1), colors)


def _largest_difference(one: Image.Image, other: Image.Image) -> int:
    return max(abs(a - b) for a, b in zip(one.tobytes(), other.tobytes(), strict=True))
