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
from typing import BinaryIO

from PIL import Image
from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.PpmImagePlugin import PpmImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from edge.errors import BrokenPhoto, MultiPagePhoto, PhotoTooLarge
from edge.photo.decoding.open_ended import OpenEndedJpeg
from edge.photo.headers.checks import Header, check_size
from edge.photo.tiffs.opening import more_modes, open_tiff

_DECODERS: dict[str, type[ImageFile]] = {
    "AVIF": AvifImageFile,
    "BMP": BmpImageFile,
    "GIF": GifImageFile,
    "PPM": PpmImageFile,
    "JPEG": JpegImageFile,
    "PNG": PngImageFile,
    "WEBP": WebPImageFile,
}
_PHOTOMETRIC = 262
_lock = threading.RLock()


@contextmanager
def decoding(path: Path, max_pixels: int) -> Iterator[None]:
    """Run Pillow on an untrusted file, with our limits, without warnings, and with typed errors.

    Pillow keeps these settings for the whole process, so one photo is decoded at a time.
    """
    with _lock, warnings.catch_warnings(), more_modes():
        warnings.simplefilter("ignore")
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, max_pixels
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


def open_image(source: BinaryIO, header: Header, path: Path, max_pixels: int, index: int = 0) -> ImageFile:
    """Open a file within the limit, without decoding it. Call within ``decoding``.

    ``index`` is that of a page among the directories of a TIFF.
    """
    if header.format == "TIFF":
        return open_tiff(source, index, path, max_pixels)
    source = header.trimmed(source)
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


def white_is_zero(image: ImageFile) -> bool:
    """Whether a TIFF stores a negative, which Pillow leaves as it is if it has 16 bits."""
    return isinstance(image, TiffImageFile) and image.tag_v2.get(_PHOTOMETRIC) == 0
