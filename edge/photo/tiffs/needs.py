"""The memory that decoding a TIFF's page takes beside the decoded picture."""

from __future__ import annotations

from edge.integers import ceil_div
from edge.photo.tiffs.opening import PlanarTiff

_BITS, _SAMPLES, _ROWS, _PLANAR, _ORIENTATION = 258, 277, 278, 284, 274
_TILE = (322, 323)
_PLACES = ((273, 279), (324, 325))
_CHANNEL_COPIES = 7
"""Of a channel's strips, which are put together to a file of their own: measured."""
_STRIP_OBJECTS = 700
"""Bytes of Pillow's description of a strip that is not compressed."""
_NUMBER = 64
"""Bytes of a number in the tables of strips, which are read more than once."""


def decoder_bytes(image: PlanarTiff) -> int:
    """The bytes for an opened page: a decoded strip or tile, the strips in the file, and their tables.

    A strip is as large as its tags say, however small the file is.
    """
    tags = image.tag_v2
    width, height = image.size
    bits = tags.get(_BITS, (1,))
    pixel = ceil_div(max(sum(bits), int(bits[0]) * int(tags.get(_SAMPLES, 1))), 8)
    offsets, counts = _tables(image)
    stored = sum(counts)
    if image.planes:
        channel = ceil_div(stored, max(1, len(bits)))
        return _NUMBER * len(offsets) + _CHANNEL_COPIES * channel + width * height * pixel
    if image.tile and image.tile[0].codec_name != "libtiff":
        gaps = zip(sorted(offsets), sorted(offsets)[1:], strict=False)
        return _STRIP_OBJECTS * len(offsets) + 2 * max((end - start for start, end in gaps), default=0)
    across, down = (int(tags.get(tag, 0)) for tag in _TILE)
    if not across or not down:
        across, down = max(width, height), min(max(width, height), int(tags.get(_ROWS, 1 << 32)))
    # What is read through a map of the file counts as memory of the process, too.
    return _NUMBER * len(offsets) + across * down * pixel + stored


def is_turned(image: PlanarTiff) -> bool:
    """Whether Pillow turns the page as its orientation says, by a second copy."""
    return bool(image.tag_v2.get(_ORIENTATION, 1) != 1)


def _tables(image: PlanarTiff) -> tuple[tuple[int, ...], tuple[int, ...]]:
    for offsets, counts in _PLACES:
        if offsets in image.tag_v2:
            return image.tag_v2[offsets], image.tag_v2.get(counts, ())
    return (), ()
