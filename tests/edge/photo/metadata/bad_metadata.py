"""Photos whose metadata is made to keep a reader busy, or lies about its own size; all are restored."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from edge.errors import PhotoError
from tests.edge.photo.encoders import pixels, png_chunk, png_of, tiff_of
from tests.edge.photo.metadata.described import IPTC, extended_xmp, jpeg, resource, segment, xmp

MAIN = b"http://ns.adobe.com/xap/1.0/\0"


def bad_metadata() -> Iterator[tuple[str, bytes, type[PhotoError] | None]]:
    laughs = b'<!DOCTYPE a [<!ENTITY b "' + b"c" * 1000 + b'"><!ENTITY d "' + b"&b;" * 1000 + b'">]>'
    for name, packet in {
        "laughs": laughs + xmp('tiff:Make="&d;"'),
        "flood": xmp("", "<a/>" * 10_000),
        "unclosed": xmp("")[:-30],
        "spaces": xmp(" " * 60_000),
        "twice": xmp('tiff:Orientation="6"') + xmp('tiff:Orientation="8"'),
        "binary": bytes(range(256)) * 20,
    }.items():
        yield f"xmp_{name}.jpg", jpeg(segment(0xE1, MAIN + packet)), None
    large = xmp("", "<dc:format>" + " " * 200_000 + "</dc:format>" + "<a/>" * 20_001)
    yield "xmp_flood.png", png_of(pixels(20, 30, 3), _itxt(large)), None
    yield "xmp_only_spaces.png", png_of(pixels(20, 30, 3), _itxt(b" " * 300_000)), None

    parts = extended_xmp("", xmp("", "<dc:format>" + "a" * 61_000 + "</dc:format>"))
    lying = parts[1].replace(struct.pack(">I", 60_000), struct.pack(">I", 1 << 31))
    yield "xmp_extension_lies.jpg", jpeg(parts[0], lying, parts[2]), None
    yield "xmp_extension_twice.jpg", jpeg(*parts, *parts[1:]), None

    photoshop = b"Photoshop 3.0\0"
    for name, block in {
        "cut": resource(0x0404, IPTC)[:-20],
        "long": b"8BIM\x04\x04\0\0\xff\xff\xff\xff" + IPTC,
        "named": b"8BIM\x04\x04\xff",
        "garbage": b"8BIM" * 1000,
        "cut_iptc": resource(0x0404, IPTC[:-3] + b"\x1c\2\x78\xff\xff\xff"),
    }.items():
        yield f"resources_{name}.jpg", jpeg(segment(0xED, photoshop + block)), None
    yield "resources_many.jpg", jpeg(segment(0xED, photoshop + resource(1000, b"a")) * 5000), None
    yield "comments_many.jpg", jpeg(segment(0xFE, b"") * 5000), None

    # Each entry points to the directory itself, as EXIF and as GPS.
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, 8) for tag in (0x8769, 0x8825, 0xA005) * 1000)
    loop = b"II*\0" + struct.pack("<IH", 8, 3000) + entries + struct.pack("<I", 8)
    yield "exif_loop.jpg", jpeg(exif=b"Exif\0\0" + loop), None
    places = b"".join(struct.pack("<HHII", 0x8769, 4, 1, 10 + 12 * n) for n in range(20_000))
    yield (
        "exif_overlaps.png",
        png_of(
            pixels(20, 30, 3),
            png_chunk(b"eXIf", b"II*\0" + struct.pack("<IH", 8, 20_000) + places + bytes(9)),
        ),
        None,
    )
    tags = [(40000 + n, 7, 100, b"a" * 100, True) for n in range(300)]
    yield "tags_many.tif", tiff_of(pixels(20, 30, 3), photometric="rgb", extratags=tags), None
    texts = png_chunk(b"tEXt", b"Title\0a") * 3000 + png_chunk(b"iTXt", b"no separators")
    yield "texts_many.png", png_of(pixels(20, 30, 3), texts + png_chunk(b"zTXt", b"bad\0\0junk")), None


def _itxt(packet: bytes) -> bytes:
    return png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + packet)
