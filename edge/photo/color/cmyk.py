"""CMYK to sRGB, by the photo's profile if it has a usable one."""

from __future__ import annotations

import io
from collections.abc import Callable

from PIL import Image, ImageCms

_INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC
_FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION


def cmyk_to_srgb(icc: bytes | None) -> Callable[[Image.Image], Image.Image]:
    """The conversion of a CMYK band to RGB. The way back would lose more than it keeps: none is offered."""
    if icc is not None:
        try:
            profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
            srgb = ImageCms.createProfile("sRGB")
            return ImageCms.buildTransform(profile, srgb, "CMYK", "RGB", _INTENT, _FLAGS).apply
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError, AttributeError):
            pass
    return lambda band: band.convert("RGB")
