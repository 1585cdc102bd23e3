"""Files that claim more than they hold, or hold more beside their picture than any photo does.

Large ones have holes: they take no room on the disk.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from tests.edge.photo.encoders import encoded, patch_tiff, pixels, png_chunk, png_of, png_of_stream, tiff_of

MEGA = 1 << 20
LOST = "metadata beyond 16 MB or 10000 pieces"


@dataclass(frozen=True)
class Attack:
    """A file to be made, and the beginning of what has to become of it within a limit of 300 MB."""

    name: str
    make: Callable[[], list[bytes | int]]
    """The file's parts: bytes, and the lengths of holes."""
    outcome: str
    """A part of the sentence by which it is refused, or of what is said to be lost."""


def write(attack: Attack, folder: Path) -> Path:
    """Write the file."""
    path = folder / attack.name
    with path.open("wb") as out:
        for part in attack.make():
            if isinstance(part, bytes):
                out.write(part)
            else:
                out.seek(part, 1)
        out.truncate()
    return path


def _photo() -> Image.Image:
    return Image.fromarray(pixels(16, 16, 3))


def lossless_webp() -> list[bytes | int]:
    """34 bytes that claim 16383 x 12000 pixels."""
    frame = b"\x2f" + struct.pack("<I", 16382 | 11999 << 14) + bytes(9)
    return [b"RIFF" + struct.pack("<I", 26) + b"WEBPVP8L" + struct.pack("<I", 14) + frame]


def png_of_zeros(width: int, height: int, interlace: int = 0) -> list[bytes | int]:
    return [png_of_stream(width, height, 8, 6, zlib.compress(bytes(1000)), b"", interlace)]


def tiff(compression: str | None, rows: int) -> list[bytes | int]:
    """A few hundred bytes that claim 14000 x 14000 pixels, in strips of so many rows."""
    content = bytearray(tiff_of(pixels(16, 16, 3), photometric="rgb", compression=compression))
    for tag, value in ((256, 14_000), (257, 14_000), (278, rows)):
        patch_tiff(content, tag, value)
    return [bytes(content)]


def jpeg(progressive: bool) -> list[bytes | int]:
    content = bytearray(encoded(_photo(), "JPEG", progressive=progressive))
    frame = content.index(b"\xff\xc2" if progressive else b"\xff\xc0")
    content[frame + 5 : frame + 9] = struct.pack(">HH", 14_000, 14_000)
    return [bytes(content)]


def gif() -> list[bytes | int]:
    content = bytearray(encoded(_photo().convert("L"), "GIF"))
    content[6:10] = struct.pack("<HH", 14_000, 14_000)
    return [bytes(content)]


def bitmap(packed: int) -> list[bytes | int]:
    content = bytearray(encoded(_photo().convert("L"), "BMP"))
    content[18:26] = struct.pack("<ii", 14_000, 14_000)
    content[30:34] = struct.pack("<I", packed)
    return [bytes(content)]


def pixmap() -> list[bytes | int]:
    return [b"P6\n8000 8000\n255\n", 8000 * 8000 * 3]


def segments(marker: int, content: bytes, count: int) -> list[bytes | int]:
    """A JPEG with so many segments before its picture."""
    photo = encoded(_photo(), "JPEG")
    segment = struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content
    return [photo[:2], segment * count, photo[2:]]


def filled() -> list[bytes | int]:
    photo = encoded(_photo(), "JPEG")
    return [photo[:2], b"\xff" * MEGA, photo[2:]]


def chunk(name: bytes, start: bytes, size: int) -> list[bytes | int]:
    """A PNG with a chunk of zeros behind its beginning; its checksum is wrong, as nobody looks at it."""
    photo = png_of(pixels(16, 16, 3))
    return [photo[:33], struct.pack(">I", len(start) + size) + name + start, size, bytes(4) + photo[33:]]


def many_chunks() -> list[bytes | int]:
    return [png_of(pixels(16, 16, 3), png_chunk(b"teXt", b"") * 11_000)]


def tag(number: int, kind: int, compression: str | None) -> list[bytes | int]:
    """A TIFF of 16 x 16 pixels with a value of 200 MB."""
    value = (number, kind, 5000, b"a" * 5000, True)
    content = bytearray(
        tiff_of(pixels(16, 16, 3), photometric="rgb", compression=compression, extratags=[value])
    )
    size = 200 * MEGA
    place = content.index(struct.pack("<HH", number, kind))
    struct.pack_into("<II", content, place + 4, size, len(content))
    return [bytes(content), size]


def webp_chunk(name: bytes, size: int) -> list[bytes | int]:
    photo = encoded(_photo(), "WEBP", xmp=b"<x/>")
    riff = b"RIFF" + struct.pack("<I", len(photo) + size) + photo[8:]
    return [riff, name + struct.pack("<I", size), size]


def gif_comment() -> list[bytes | int]:
    content = encoded(_photo().convert("L"), "GIF")
    palette = 13 + 3 * 2 ** ((content[10] & 7) + 1)
    comment = b"!\xfe" + (b"\xff" + b"a" * 255) * 20_000 + b"\0"
    return [content[:palette], comment, content[palette:]]


def pages() -> list[bytes | int]:
    """A TIFF of 10,100 directories."""
    entries = struct.pack("<HHII", 256, 4, 1, 1) + struct.pack("<HHII", 257, 4, 1, 1)
    size = 2 + len(entries) + 4
    chain = b"".join(
        struct.pack("<H", 2) + entries + struct.pack("<I", 8 + size * (number + 1))
        for number in range(12_000)
    )
    return [b"II*\0" + struct.pack("<I", 8), chain, bytes(6)]


def pages_in_a_circle() -> list[bytes | int]:
    content = bytearray(tiff_of(pixels(16, 16, 3), photometric="rgb"))
    (place,) = struct.unpack_from("<I", content, 4)
    (count,) = struct.unpack_from("<H", content, place)
    struct.pack_into("<I", content, place + 2 + 12 * count, place)
    return [bytes(content)]


def large_directory() -> list[bytes | int]:
    """A BigTIFF whose directory has 2**40 entries."""
    return [b"II+\0" + struct.pack("<HHQQ", 8, 0, 16, 1 << 40)[2:], 100 * MEGA]


NEEDS = "pixels needs at least"
EXIF, EXTENSION = b"Exif\0\0II*\0", b"http://ns.adobe.com/xmp/extension/\0"

ATTACKS = [
    Attack("lossless.webp", lossless_webp, NEEDS),
    Attack("zeros.png", lambda: png_of_zeros(14_000, 14_000), NEEDS),
    Attack("column.png", lambda: png_of_zeros(1, 190_000_000, 1), "no side may be longer"),
    Attack("row.png", lambda: png_of_zeros(190_000_000, 1), "no side may be longer"),
    Attack("raw.tif", lambda: tiff(None, 16), "damaged"),
    Attack("one_strip.tif", lambda: tiff("zlib", 14_000), NEEDS),
    Attack("baseline.jpg", lambda: jpeg(False), NEEDS),
    Attack("progressive.jpg", lambda: jpeg(True), NEEDS),
    Attack("large.gif", gif, NEEDS),
    Attack("large.bmp", lambda: bitmap(0), NEEDS),
    Attack("packed.bmp", lambda: bitmap(1), NEEDS),
    Attack("holes.ppm", pixmap, NEEDS),
    Attack("exif.jpg", lambda: segments(0xE1, EXIF + bytes(65_000), 260), LOST),
    Attack("profile.jpg", lambda: segments(0xE2, b"ICC_PROFILE\0\1\1" + bytes(65_000), 260), LOST),
    Attack("tables.jpg", lambda: segments(0xDB, (b"\0" + b"\1" * 64) * 1000, 30), "damaged"),
    Attack("filled.jpg", filled, "damaged"),
    Attack("exif.png", lambda: chunk(b"eXIf", b"II*\0", 300 * MEGA), LOST),
    Attack("text.png", lambda: chunk(b"iTXt", b"T\0\0\0\0\0", 300 * MEGA), LOST),
    Attack("profile.png", lambda: chunk(b"iCCP", b"x\0\0", 300 * MEGA), LOST),
    Attack("description.tif", lambda: tag(270, 2, None), "200 MB of texts"),
    Attack("xmp.tif", lambda: tag(700, 1, "zlib"), "200 MB of texts"),
    Attack("layers.tif", lambda: tag(37724, 7, "zlib"), "a photo needs at least"),
    Attack("exif.webp", lambda: webp_chunk(b"EXIF", 50 * MEGA), LOST),
    Attack("comment.gif", gif_comment, "read"),
    Attack("circle.tif", pages_in_a_circle, "read"),
    Attack("directory.tif", large_directory, "damaged"),
    Attack("holes.tif", lambda: [b"II*\0\x08\0\0\0", 20 << 30], "more than a photo of any kind"),
]
LONGER = [
    Attack("xmp.jpg", lambda: segments(0xE1, EXTENSION + bytes(65_000), 260), LOST),
    Attack("photoshop.jpg", lambda: segments(0xED, b"Photoshop 3.0\x008BIM" + bytes(65_000), 260), LOST),
    Attack("comments.jpg", lambda: segments(0xFE, b"a" * 10, 11_000), LOST),
    Attack("segments.jpg", lambda: segments(0xFE, b"a" * 10, 21_000), "more segments than"),
    Attack("chunks.png", many_chunks, LOST),
    Attack("packed.tif", lambda: tag(270, 2, "zlib"), "200 MB of texts"),
    Attack("unknown.webp", lambda: webp_chunk(b"junk", 50 * MEGA), LOST),
    Attack("pages.tif", pages, "10000 pages or more"),
]
"""Those that take seconds to make or to read."""
