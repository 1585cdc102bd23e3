"""Conversion of decoded 8-bit images (palettes, masks, inks, profiles) to gray or RGB arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.ImageFile import ImageFile

from edge.photo.bands import as_stored, image_bands, upright_size
from edge.photo.color.cmyk import cmyk_to_srgb

EIGHT_BIT_MODES = frozenset(
    {"1", "L", "LA", "La", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "P", "PA"}
)

_PLAIN = {"1": "L", "La": "LA", "RGBa": "RGBA", "RGBX": "RGB", "YCbCr": "RGB"}
_ALPHA_MODES = {"LA", "La", "PA", "RGBA", "RGBa"}

Planes8 = tuple[NDArray[np.uint8], NDArray[np.uint8] | None]


def read_8_bit(image: ImageFile, orientation: int, icc: bytes | None, bits: int) -> Planes8:
    """Upright samples ``(H, W)`` or ``(H, W, 3)`` as in the file (CMYK in sRGB), and alpha ``(H, W)``.

    ``image`` is decoded and of one of ``EIGHT_BIT_MODES``; a palette of grays gives a gray photo.
    ``bits`` is the depth in a PNG's file; ``icc`` is needed for CMYK only.
    """
    gray = image.mode in ("1", "L", "LA", "La") or _has_gray_palette(image)
    key = image.info.get("transparency") if image.mode in ("1", "L", "RGB") else None
    if key is not None and image.mode == "L" and bits < 8:
        key = key * 255 // ((1 << bits) - 1)
    from_inks = cmyk_to_srgb(icc) if image.mode == "CMYK" else None
    size = upright_size(*image.size, orientation)
    pixels = np.empty(size if gray else (*size, 3), np.uint8)
    stored = as_stored(pixels, orientation)
    has_alpha = key is not None or image.mode in _ALPHA_MODES or "transparency" in image.info
    alpha = np.empty(size, np.uint8) if has_alpha else None
    stored_alpha = None if alpha is None else as_stored(alpha, orientation)
    for rows, band in image_bands(image):
        plain, mask = _split(band, gray)
        if stored_alpha is not None:
            stored_alpha[rows] = _keyed(plain, key) if mask is None else np.asarray(mask)
        stored[rows] = np.asarray(from_inks(plain) if from_inks else plain)
    return pixels, alpha


def _has_gray_palette(image: ImageFile) -> bool:
    if image.mode not in ("P", "PA"):
        return False
    palette = image.getpalette("RGB") or []
    return palette[::3] == palette[1::3] == palette[2::3]


def _split(band: Image.Image, gray: bool) -> tuple[Image.Image, Image.Image | None]:
    """The band in gray ("L"), "RGB" or "CMYK", and its alpha channel."""
    if band.mode in ("P", "PA"):
        band = band.convert("RGBA" if band.has_transparency_data else "RGB")
    elif band.mode in _PLAIN:
        band = band.convert(_PLAIN[band.mode])
    mask = band.getchannel("A") if band.mode in ("LA", "RGBA") else None
    if gray and band.mode != "L":
        band = band.getchannel("L" if band.mode == "LA" else "G")
    elif band.mode == "RGBA":
        band = band.convert("RGB")
    return band, mask


def _keyed(band: Image.Image, key: int | tuple[int, ...] | None) -> NDArray[np.uint8]:
    """Alpha of a band in which one colour stands for "transparent" (PNG's tRNS)."""
    same = np.asarray(band) == np.array(key)
    return np.where(same.all(axis=-1) if same.ndim == 3 else same, 0, 255).astype(np.uint8)
