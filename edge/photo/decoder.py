"""Opening and decoding of untrusted files with Pillow.

The decoder for the format that the header names is called directly: nothing else is tried, and
Pillow's own limit of pixels (lower than ours, and shared by the whole process) does not apply.
"""

from __future__ import annotations

import struct
import threading
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from PIL import Image, TiffImagePlugin
from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.PpmImagePlugin import PpmImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from edge.errors import BrokenPhoto, MultiPagePhoto, PhotoTooLarge, UnsupportedPhoto
from edge.photo.headers.checks import Header, check_size
from edge.photo.open_ended import OpenEndedJpeg

_DECODERS: dict[str, type[ImageFile]] = {
    "AVIF": AvifImageFile,
    "BMP": BmpImageFile,
    "GIF": GifImageFile,
    "PPM": PpmImageFile,
    "JPEG": JpegImageFile,
    "PNG": PngImageFile,
    "TIFF": TiffImageFile,
    "WEBP": WebPImageFile,
}
_SUBFILE_TYPE, _PLANAR, _PHOTOMETRIC = 254, 284, 262
_THUMBNAIL = 1
_MAX_THUMBNAILS = 8

# Pillow has no mode for 16-bit gray with alpha; its four bytes a pixel are read as if they were RGBA.
_GRAY_ALPHA_16: dict[Any, tuple[str, str]] = {
    (order, 1, (1,), 1, (16, 16), (2,)): ("RGBA", f"LA;16{letter}")
    for order, letter in ((b"II", "L"), (b"MM", "B"))
}
_lock = threading.RLock()


@contextmanager
def decoding(path: Path, max_pixels: int) -> Iterator[None]:
    """Run Pillow on an untrusted file, with our limits, without warnings, and with typed errors.

    Pillow keeps these settings for the whole process, so one photo is decoded at a time.
    """
    with _lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, max_pixels
        TiffImagePlugin.OPEN_INFO.update(_GRAY_ALPHA_16)
        try:
            yield
        except Image.DecompressionBombError as error:
            raise PhotoTooLarge(f"{path} has more pixels than the limit of {max_pixels}.") from error
        except MemoryError as error:
            raise PhotoTooLarge(
                f"{path} does not fit into this machine's memory; make the photo smaller."
            ) from error
        except (
            OSError,
            SyntaxError,
            ValueError,
            TypeError,
            LookupError,
            ArithmeticError,
            AttributeError,
            EOFError,
            RuntimeError,
            struct.error,
            zlib.error,
        ) as error:
            raise BrokenPhoto(
                f"{path} is damaged or incomplete; copy it again from where it came from."
            ) from error
        finally:
            Image.MAX_IMAGE_PIXELS = limit
            for key in _GRAY_ALPHA_16:
                TiffImagePlugin.OPEN_INFO.pop(key, None)


def open_image(source: BinaryIO, header: Header, path: Path, max_pixels: int) -> ImageFile:
    """Open a file of one page within the limit, without decoding it. Call within ``decoding``."""
    if header.format == "TIFF":
        return _open_tiff(source, path, max_pixels)
    source.seek(0)
    if header.format == "HEIF":
        from pillow_heif import HeifImageFile  # of an extra

        image: ImageFile = HeifImageFile(source)
    else:
        image = OpenEndedJpeg(source) if header.open_ended else _DECODERS[header.format](source)
    check_size(*image.size, path, max_pixels)
    if header.format in ("WEBP", "GIF", "AVIF") and getattr(image, "is_animated", False):
        raise MultiPagePhoto(f"{path} is animated; save the frame to restore as a file of its own.")
    return image


def raw_mode(image: ImageFile) -> str:
    """The raw mode by which Pillow will unpack an opened image's data."""
    args = image.tile[0].args if image.tile else None
    return str(args if isinstance(args, str) else args[0] if args else "")


def white_is_zero(image: ImageFile) -> bool:
    """Whether a TIFF stores a negative, which Pillow leaves as it is if it has 16 bits."""
    return isinstance(image, TiffImageFile) and image.tag_v2.get(_PHOTOMETRIC) == 0


def _open_tiff(source: BinaryIO, path: Path, max_pixels: int) -> TiffImageFile:
    source.seek(0)
    try:
        image = TiffImageFile(source)
    except SyntaxError as error:
        if "unknown pixel mode" in str(error) or "samples per pixel" in str(error):
            raise UnsupportedPhoto(
                f"{path} has a kind of pixels that is not read; save it as 8 or 16-bit gray or RGB."
            ) from error
        raise
    check_size(*image.size, path, max_pixels)
    if image.is_animated:
        _check_other_pages(source, path)
        source.seek(0)
        image = TiffImageFile(source)
    planes = 1
    if image.tag_v2.get(_PLANAR) == 2:
        planes = len(image.getbands())
        if _is_16_bit_color(image):
            raise UnsupportedPhoto(
                f"{path} stores its 16-bit channels one after the other, which is not read; "
                "save it with interleaved channels."
            )
    if raw_mode(image).startswith(("CMYK;16", "I;12")):
        raise UnsupportedPhoto(
            f"{path} has 12-bit gray or 16-bit CMYK pixels, which are not read; "
            "save it as 8 or 16-bit gray or RGB."
        )
    _check_tiles(image, planes, source.seek(0, 2))
    return image


def _check_other_pages(source: BinaryIO, path: Path) -> None:
    """Cameras put a thumbnail behind the photo; anything else is a second page."""
    source.seek(0)
    pages = TiffImageFile(source)
    for number in range(1, _MAX_THUMBNAILS + 1):
        try:
            pages.seek(number)
        except EOFError:
            return
        except SyntaxError:
            break
        if not pages.tag_v2.get(_SUBFILE_TYPE, 0) & _THUMBNAIL:
            break
    raise MultiPagePhoto(f"{path} has several pages; save the one to restore as a file of its own.")


def _is_16_bit_color(image: TiffImageFile) -> bool:
    bits = image.tag_v2.get(258, (1,))
    return len(bits) > 1 and max(bits) > 8


def _check_tiles(image: TiffImageFile, planes: int, length: int) -> None:
    """Pillow leaves black what no strip or tile of the file covers."""
    if image.tile[0].codec_name == "libtiff":
        _check_strips(image, length)
        return
    boxes = [tile.extents for tile in image.tile if tile.extents is not None]
    covered = sum((right - left) * (lower - upper) for left, upper, right, lower in boxes)
    if covered < image.width * image.height * planes:
        raise ValueError("missing strips")


def _check_strips(image: TiffImageFile, length: int) -> None:
    """Libtiff would write about strips beyond the end of the file to the user's terminal."""
    for offsets, sizes in ((273, 279), (324, 325)):
        starts, counts = image.tag_v2.get(offsets, ()), image.tag_v2.get(sizes, ())
        if any(start + count > length for start, count in zip(starts, counts, strict=False)):
            raise ValueError("strips beyond the end")
