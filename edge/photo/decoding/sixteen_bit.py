"""A reader of 16-bit PNG and TIFF that keeps the lower 8 bits.

Pillow has 16-bit gray, but keeps only the high byte of each colour sample. The raw mode by which it
unpacks the file's data states the byte order; decoding a second time with the opposite order returns
the low bytes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL.ImageFile import ImageFile

from edge.photo.bands import as_stored, image_bands, row_bands, upright_size
from edge.photo.decoding.decoder import white_is_zero
from edge.photo.tiffs.opening import raw_mode

Open = Callable[[], ImageFile]
Orientation = Callable[[ImageFile], int]
Planes = tuple[NDArray[np.uint16], NDArray[np.uint16] | None]

_WORD_LOW, _WORD_HIGH = (0, 1) if sys.byteorder == "little" else (1, 0)
_OTHER_END = {"L": "B", "B": "L"}
_NATIVE = "L" if sys.byteorder == "little" else "B"
_MAX = 65535


def is_16_bit(image: ImageFile) -> bool:
    """Whether an image that is open and not yet decoded has 16-bit samples."""
    return image.mode.startswith("I;16") or raw_mode(image)[-3:] in ("16L", "16B", "16N")


def read_16_bit(open_image: Open, orientation_of: Orientation) -> Planes:
    """Decode to upright pixels ``(H, W)`` or ``(H, W, 3)`` and alpha ``(H, W)``, both uint16.

    Colour is decoded twice, one copy of 8 bits at a time.

    Args:
        open_image: Opens the same file anew at each call.
        orientation_of: The orientation of a decoded image, as a PNG's EXIF may lie behind its pixels.

    Raises:
        Exception: Whatever Pillow raises.
    """
    image = open_image()
    if image.mode.startswith("I"):
        return _read_gray(image, orientation_of)
    raw = raw_mode(image)
    if raw.startswith("LA"):
        return _read_gray_alpha(image, raw, orientation_of)
    raw = raw[:-1] + raw[-1].replace("N", _NATIVE)
    premultiplied = raw.startswith("RGBa")
    high = raw.replace("RGBa", "RGBA")
    pixels: NDArray[np.uint16] | None = None
    alpha: NDArray[np.uint16] | None = None
    for byte, name in ((_WORD_HIGH, high), (_WORD_LOW, high[:-1] + _OTHER_END[high[-1]])):
        image = open_image()
        _set_raw_mode(image, name)
        image.load()
        orientation = orientation_of(image)
        if pixels is None:
            size = upright_size(*image.size, orientation)
            pixels = np.empty((*size, 3), np.uint16)
            alpha = np.empty(size, np.uint16) if image.mode == "RGBA" else None
        _fill(image, _byte(pixels, byte, orientation), _byte(alpha, byte, orientation))
    assert pixels is not None
    if premultiplied and alpha is not None:
        _divide(pixels, alpha)
    return pixels, alpha


def key_alpha(pixels: NDArray[np.uint16], key: int | tuple[int, ...]) -> NDArray[np.uint16]:
    """Alpha of a photo in which one colour stands for "transparent" (PNG's tRNS)."""
    alpha = np.empty(pixels.shape[:2], np.uint16)
    for rows in row_bands(*pixels.shape[:2]):
        same = pixels[rows] == np.array(key, np.uint16)
        alpha[rows] = np.where(same.all(axis=-1) if same.ndim == 3 else same, 0, _MAX)
    return alpha


def _read_gray(image: ImageFile, orientation_of: Orientation) -> Planes:
    raw = raw_mode(image)
    image.load()
    orientation = orientation_of(image)
    pixels = np.empty(upright_size(*image.size, orientation), np.uint16)
    stored = as_stored(pixels, orientation)
    for rows, band in image_bands(image):
        stored[rows] = np.asarray(band)
    if raw.startswith("I;12"):
        for rows in row_bands(*pixels.shape):
            pixels[rows] = pixels[rows] << 4 | pixels[rows] >> 8
    if white_is_zero(image):
        np.subtract(_MAX, pixels, out=pixels)
    return pixels, None


def _read_gray_alpha(image: ImageFile, raw: str, orientation_of: Orientation) -> Planes:
    """Four bytes a pixel, gray then alpha, passed through as if they were RGBA."""
    _set_raw_mode(image, "RGBA")
    order = {"L": "<u2", "B": ">u2", "N": "=u2"}[raw[-1]]
    image.load()
    orientation = orientation_of(image)
    size = upright_size(*image.size, orientation)
    pixels, alpha = np.empty(size, np.uint16), np.empty(size, np.uint16)
    stored, stored_alpha = as_stored(pixels, orientation), as_stored(alpha, orientation)
    for rows, band in image_bands(image):
        samples = np.asarray(band).view(order)
        stored[rows], stored_alpha[rows] = samples[..., 0], samples[..., 1]
    return pixels, alpha


def _byte(samples: NDArray[np.uint16] | None, byte: int, orientation: int) -> NDArray[np.uint8] | None:
    """A view of one byte of each sample, in the file's layout."""
    if samples is None:
        return None
    return as_stored(samples.view(np.uint8).reshape(*samples.shape, 2)[..., byte], orientation)  # type: ignore[return-value]


def _fill(image: ImageFile, colors: NDArray[np.uint8] | None, alpha: NDArray[np.uint8] | None) -> None:
    assert colors is not None
    for rows, band in image_bands(image):
        samples = np.asarray(band)
        colors[rows] = samples[..., :3]
        if alpha is not None:
            alpha[rows] = samples[..., 3]


def _divide(pixels: NDArray[np.uint16], alpha: NDArray[np.uint16]) -> None:
    """Premultiplied to straight alpha, in place."""
    for rows in row_bands(*pixels.shape[:2]):
        opacity = np.maximum(alpha[rows], 1).astype(np.uint32)[..., None]
        straight = (pixels[rows].astype(np.uint32) * _MAX + opacity // 2) // opacity
        pixels[rows] = np.minimum(straight, _MAX)


def _set_raw_mode(image: ImageFile, raw: str) -> None:
    image.tile = [
        tile._replace(args=raw if isinstance(tile.args, str) else (raw, *(tile.args or ())[1:]))
        for tile in image.tile
    ]
