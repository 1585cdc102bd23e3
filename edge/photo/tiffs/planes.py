"""A reader of TIFF whose channels are stored one after the other.

Each channel is given to Pillow as a gray TIFF of its own, made of the same strips or tiles.
"""

from __future__ import annotations

import io
import struct
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL.TiffImagePlugin import TiffImageFile

from edge.photo.bands import Pixels, image_bands

_BITS, _LONG = 258, 4
# Width, height, compression, fill order, orientation, rows a strip, predictor, tile width, tile height.
_COPIED = (256, 257, 259, 266, 274, 278, 317, 322, 323)
_PLACES = ((273, 279), (324, 325))
_BIG = 1 << 31


def read_planes(image: TiffImageFile, source: BinaryIO) -> Pixels:
    """``(H, W, channels)`` of 8 or 16 bits as the opened ``image`` shows it, turned by its orientation.

    Raises:
        ValueError: The strips do not fit the channels, or they lie beyond the end of the file.
        Exception: Whatever Pillow raises.
    """
    bits = image.tag_v2[_BITS]
    offsets_tag, counts_tag = next((pair for pair in _PLACES if pair[0] in image.tag_v2), _PLACES[0])
    offsets, counts = image.tag_v2[offsets_tag], image.tag_v2[counts_tag]
    channels = len(bits)
    each = len(offsets) // channels
    if each == 0 or each * channels != len(offsets) or len(counts) != len(offsets):
        raise ValueError("strips that do not fit the channels")
    whole: NDArray[Any] | None = None
    for channel in range(channels):
        part = slice(channel * each, (channel + 1) * each)
        gray = _gray_tiff(image, source, (offsets_tag, counts_tag), offsets[part], counts[part])
        plane = TiffImageFile(io.BytesIO(gray))
        plane.load()
        if whole is None:
            whole = np.empty((plane.height, plane.width, channels), np.uint8 if bits[0] == 8 else np.uint16)
        for rows, band in image_bands(plane):
            whole[rows, :, channel] = np.asarray(band)
    assert whole is not None
    return whole


def _gray_tiff(
    image: TiffImageFile,
    source: BinaryIO,
    tags: tuple[int, int],
    offsets: tuple[int, ...],
    counts: tuple[int, ...],
) -> bytes:
    """A TIFF of one channel: its strips, and a directory behind them."""
    order = "<" if image.tag_v2.prefix == b"II" else ">"
    if sum(counts) >= min(_BIG, source.seek(0, 2) + 1):
        raise ValueError("strips beyond the end")
    strips = bytearray(b"II*\0" if order == "<" else b"MM\0*") + bytes(4)
    places = []
    for offset, count in zip(offsets, counts, strict=True):
        places.append(len(strips))
        source.seek(offset)
        strips += source.read(count)
        if len(strips) != places[-1] + count:
            raise ValueError("strips beyond the end")
    entries: dict[int, tuple[int, ...]] = {
        tag: (int(image.tag_v2[tag]),) for tag in _COPIED if tag in image.tag_v2
    }
    entries |= {
        _BITS: image.tag_v2[_BITS][:1],
        262: (1,),
        277: (1,),
        tags[0]: tuple(places),
        tags[1]: tuple(counts),
    }
    values = bytearray()
    directory = bytearray(struct.pack(order + "H", len(entries)))
    for tag, numbers in sorted(entries.items()):
        packed = struct.pack(f"{order}{len(numbers)}I", *numbers)
        if len(numbers) > 1:
            place = len(strips) + len(values)
            values += packed
            packed = struct.pack(order + "I", place)
        directory += struct.pack(order + "HHI", tag, _LONG, len(numbers)) + packed
    struct.pack_into(order + "I", strips, 4, len(strips) + len(values))
    return bytes(strips + values + directory + bytes(4))
