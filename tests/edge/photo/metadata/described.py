"""Photo files with metadata, made byte by byte."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from edge.photo.photo import Photo, read_photo, write_photo
from tests.edge.photo.encoders import encoded, pixels

CAPTION, COMMENT = "Grandmother Anna, Lviv 1931", b"scanned by uncle Josef"


def iim(record: int, number: int, text: bytes) -> bytes:
    return struct.pack(">BBBH", 0x1C, record, number, len(text)) + text


IPTC = b"".join(
    [
        iim(1, 90, b"\x1b%G"),
        iim(2, 120, CAPTION.encode()),
        iim(2, 25, b"family"),
        iim(2, 25, "Бабуся".encode()),
        iim(2, 55, b"19310612"),
    ]
)


def resource(number: int, data: bytes) -> bytes:
    return b"8BIM" + struct.pack(">HHI", number, 0, len(data)) + data + bytes(len(data) % 2)


PRINTING = resource(0x03F3, b"\0\1\0\0\0\0\0\0\1")
THUMBNAIL = resource(0x040C, b"OLD THUMBNAIL")


def segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def jpeg(*segments: bytes, size: tuple[int, int] = (40, 20), **options: Any) -> bytes:
    """A JPEG with segments behind its first one."""
    content = encoded(Image.new("RGB", size, (90, 120, 60)), "JPEG", **options)
    assert content[2:4] == b"\xff\xe0"
    end = 4 + int.from_bytes(content[4:6], "big")
    return content[:end] + b"".join(segments) + content[end:]


def described_jpeg(**options: Any) -> bytes:
    block = b"Photoshop 3.0\0" + resource(0x0404, IPTC) + PRINTING + THUMBNAIL
    return jpeg(segment(0xED, block), segment(0xFE, COMMENT), **options)


def xmp(properties: str, inside: str = "") -> bytes:
    """A packet of one description."""
    spaces = {
        "tiff": "http://ns.adobe.com/tiff/1.0/",
        "exif": "http://ns.adobe.com/exif/1.0/",
        "xmp": "http://ns.adobe.com/xap/1.0/",
        "dc": "http://purl.org/dc/elements/1.1/",
    }
    names = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in spaces.items())
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" {names} {properties}>{inside}</rdf:Description>'
        "</rdf:RDF></x:xmpmeta>"
    ).encode()


def extended_xmp(main_properties: str, extension: bytes) -> list[bytes]:
    """The segments of a packet with an extension."""
    digest = hashlib.md5(extension).hexdigest().upper()
    note = f'xmlns:xmpNote="http://ns.adobe.com/xmp/note/" xmpNote:HasExtendedXMP="{digest}"'
    main = xmp(f"{main_properties} {note}")
    length = struct.pack(">I", len(extension))
    parts = [
        segment(
            0xE1,
            b"http://ns.adobe.com/xmp/extension/\0"
            + digest.encode()
            + length
            + struct.pack(">I", place)
            + extension[place : place + 60000],
        )
        for place in range(0, len(extension), 60000)
    ]
    return [segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + main), *reversed(parts)]


def written_as(content: bytes, kind: Any, folder: Path) -> tuple[Photo, bytes]:
    """A file's photo, and the file that it becomes in another format."""
    path = folder / "given"
    path.write_bytes(content)
    photo = read_photo(path)
    if kind:
        photo = replace(photo, metadata=replace(photo.metadata, format=kind))
    write_photo(photo, folder / "made")
    return photo, (folder / "made").read_bytes()


def gray() -> np.ndarray[Any, Any]:
    return pixels(20, 40, 1)
