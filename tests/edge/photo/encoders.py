"""Pictures, and photo files made byte by byte: what no library writes, or writes differently by version."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
import tifffile
from PIL import Image, ImageCms


def pixels(height: int, width: int, channels: int, dtype: type = np.uint8) -> np.ndarray[Any, Any]:
    """A smooth picture with some noise, ``(H, W)`` or ``(H, W, channels)``."""
    top = np.iinfo(dtype).max
    y, x, c = np.ogrid[:height, :width, :channels]
    waves = np.sin(x / 9 + c) + np.sin(y / 7 - c) + np.sin((x + y) / 31)
    noise = np.random.default_rng(1).normal(0, 0.02, (height, width, channels))
    picture = ((waves / 6 + 0.5 + noise).clip(0, 1) * top).astype(dtype)
    return picture[..., 0] if channels == 1 else picture


def encoded(image: Image.Image, format: str, **options: Any) -> bytes:
    """The bytes of a file."""
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def png_chunk(name: bytes, content: bytes) -> bytes:
    """Length, name, content and checksum."""
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(
    width: int, height: int, bits: int, color: int, data: bytes, extra: bytes = b"", interlace: int = 0
) -> bytes:
    """A PNG of filtered rows ``data`` with ``extra`` chunks before them."""
    return png_of_stream(width, height, bits, color, zlib.compress(data, 6), extra, interlace)


def png_of_stream(
    width: int, height: int, bits: int, color: int, stream: bytes, extra: bytes = b"", interlace: int = 0
) -> bytes:
    """A PNG of compressed rows."""
    header = struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, interlace)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + extra
        + png_chunk(b"IDAT", stream)
        + png_chunk(b"IEND", b"")
    )


_ADAM7 = (
    (0, 0, 8, 8),
    (0, 4, 8, 8),
    (4, 0, 8, 4),
    (0, 2, 4, 4),
    (2, 0, 4, 2),
    (0, 1, 2, 2),
    (1, 0, 2, 1),
)


def png_of(picture: np.ndarray[Any, Any], extra: bytes = b"", interlaced: bool = False) -> bytes:
    """An unfiltered PNG of 8 or 16 bits and 1 to 4 channels."""
    shaped = picture[..., None] if picture.ndim == 2 else picture
    height, width, channels = shaped.shape
    bits = 8 * shaped.dtype.itemsize
    big_endian = shaped.astype(shaped.dtype.newbyteorder(">"))
    passes = [big_endian[y::dy, x::dx] for y, x, dy, dx in _ADAM7] if interlaced else [big_endian]
    data = b"".join(b"\0" + row.tobytes() for part in passes if part.size for row in part)
    color = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    return png(width, height, bits, color, data, extra, int(interlaced))


def tiff_of(picture: np.ndarray[Any, Any], **options: Any) -> bytes:
    """A TIFF of any depth."""
    out = io.BytesIO()
    tifffile.imwrite(out, picture, metadata=None, **options)
    return out.getvalue()


def icc_profile() -> bytes:
    """An RGB profile that is clearly not sRGB: its first curve is replaced by a steeper one."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    place = profile.index(b"para", 128)
    kind = struct.unpack_from(">H", profile, place + 8)[0]
    assert kind == 3
    struct.pack_into(">i", profile, place + 12, int(1.6 * 65536))
    profile[24:36] = bytes(12)  # the time at which it was made
    return bytes(profile)


def gray_icc_profile() -> bytes:
    """A gray profile with gamma 1.0 (a linear one)."""
    white = struct.pack(">4s4xiii", b"XYZ ", int(0.9642 * 65536), 65536, int(0.8249 * 65536))
    curve = struct.pack(">4s4xI", b"curv", 0)
    text = b"desc" + bytes(4) + struct.pack(">I", 5) + b"gray\0" + bytes(78)
    text += bytes(-len(text) % 4)
    parts = {b"desc": text, b"wtpt": white, b"kTRC": curve}
    offset = 132 + 12 * len(parts)
    table, body = struct.pack(">I", len(parts)), b""
    for name, part in parts.items():
        table += struct.pack(">4sII", name, offset + len(body), len(part))
        body += part
    header = bytearray(128)
    header[8:12] = b"\x02\x40\0\0"
    header[12:24] = b"mntrGRAYXYZ "
    header[36:40] = b"acsp"
    struct.pack_into(">iii", header, 68, int(0.9642 * 65536), 65536, int(0.8249 * 65536))
    struct.pack_into(">I", header, 0, 128 + len(table) + len(body))
    return bytes(header) + table + body


def exif_block(orientation: int = 1) -> bytes:
    """An EXIF block with a description and an orientation."""
    exif = Image.Exif()
    exif[0x010E] = "grandmother"
    exif[0x0112] = orientation
    return exif.tobytes()


def patch_tiff(content: bytearray, wanted: int, value: int) -> None:
    """Overwrite a tag's value in a little-endian TIFF, as a 32-bit number."""
    directory = struct.unpack_from("<I", content, 4)[0]
    (count,) = struct.unpack_from("<H", content, directory)
    for entry in range(directory + 2, directory + 2 + 12 * count, 12):
        if struct.unpack_from("<H", content, entry)[0] == wanted:
            struct.pack_into("<HHII", content, entry, wanted, 4, 1, value)
            return
    raise AssertionError(f"no tag {wanted}")
