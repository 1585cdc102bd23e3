"""CMYK to sRGB, by the photo's profile if it has a usable one."""

from __future__ import annotations

import io
from collections.abc import Callable

from PIL import Image


def cmyk_to_srgb(icc: bytes | None) -> Callable[[Image.Image], Image.Image]:
    """The conversion of a CMYK band to RGB. The way back would lose more than it keeps: none is offered."""
    if icc is not None:
        from PIL import ImageCms  # when needed: few photos are CMYK

        intent, flags = ImageCms.Intent.RELATIVE_COLORIMETRIC, ImageCms.Flags.BLACKPOINTCOMPENSATION
        try:
            profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
            srgb = ImageCms.createProfile("sRGB")
            return ImageCms.buildTransform(profile, srgb, "CMYK", "RGB", intent, flags).apply
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError, AttributeError):
            pass
    return lambda band: band.convert("RGB")
