"""The chunks of a PNG that stay true when its pixels are restored: texts, time, colours.

Chunks are carried as they are, compressed or not. EXIF, XMP and IPTC are read out of them.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from edge.photo.headers.trimmed import MAX_METADATA
from edge.photo.metadata.metadata import Chunk

XMP_KEYWORD = "XML:com.adobe.xmp"
TEXTS = (b"tEXt", b"zTXt", b"iTXt")

COLOURS = (b"cICP", b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"mDCV", b"cLLI")
"""The chunks that tell what samples mean; they stand before the pixels."""

# Written anew from what they hold, or true of the file only.
_READ_OUT = {b"eXIf", b"pHYs"}
_PROFILES = ("exif", "app1", "iptc", "8bim", "xmp", "icc", "icm")
_ANCILLARY = _SAFE_TO_COPY = 0x20
_MAX_BYTES, _MAX_TEXT, _MAX_CHUNKS = MAX_METADATA, 1 << 20, 250_000


@dataclass(frozen=True)
class Text:
    """A text with its keyword; the language may be empty."""

    keyword: str
    value: str
    language: str = ""


def read_chunks(source: BinaryIO) -> Iterator[Chunk]:
    """The chunks of an opened PNG that describe it, whole ones only, 16 MiB at most."""
    source.seek(8)
    left = _MAX_BYTES
    for _ in range(_MAX_CHUNKS):
        start = source.read(8)
        if len(start) < 8:
            return
        length, name = struct.unpack(">I4s", start)
        if name == b"IEND":
            return
        known = name in COLOURS or name in _READ_OUT or name == b"tIME"
        copied = name[0] & _ANCILLARY and name[3] & _SAFE_TO_COPY and not name.startswith(b"fd")
        if not (known or copied) or length > left:
            source.seek(length + 4, 1)
            continue
        content, checksum = source.read(length), source.read(4)
        left -= length
        if checksum == struct.pack(">I", zlib.crc32(content, zlib.crc32(name))):
            yield name, content


def carried(chunks: Iterable[Chunk]) -> tuple[Chunk, ...]:
    """Those that are written again as they are."""

    def kept(name: bytes, content: bytes) -> bool:
        keyword = content.split(b"\0", 1)[0].decode("latin-1") if name in TEXTS else ""
        is_profile = keyword.lower().startswith("raw profile type ") and keyword[17:].lower() in _PROFILES
        return name not in _READ_OUT and keyword != XMP_KEYWORD and not is_profile

    return tuple(chunk for chunk in chunks if kept(*chunk))


def texts(chunks: Iterable[Chunk]) -> Iterator[Text]:
    """The texts, as far as they can be read: a compressed one of 1 MiB at most, these 16 MiB together."""
    left = _MAX_BYTES
    for name, content in chunks:
        keyword, found, rest = content.partition(b"\0")
        if not found or name not in TEXTS:
            continue
        language, value, packed, encoding = b"", rest, False, "latin-1"
        if name == b"zTXt":
            value, packed = rest[1:], True
        elif name == b"iTXt":
            parts = rest[2:].split(b"\0", 2)
            if len(parts) < 3:
                continue
            language, value, packed, encoding = parts[0], parts[2], rest[:1] == b"\1", "utf-8"
        if packed:
            unpacked = _unpacked(value)
            left -= _MAX_TEXT if unpacked is None else len(unpacked)
            if left < 0:
                return
            if unpacked is None:
                continue
            value = unpacked
        yield Text(keyword.decode("latin-1"), value.decode(encoding, "replace"), language.decode("latin-1"))


def text_chunk(text: Text) -> Chunk:
    """A text as ``tEXt``, or as ``iTXt`` where that cannot hold it."""
    keyword = text.keyword.encode("latin-1")
    if not text.language:
        try:
            return b"tEXt", keyword + b"\0" + text.value.replace("\0", "").encode("latin-1")
        except UnicodeEncodeError:
            pass
    value = text.value.replace("\0", "").encode(errors="replace")
    return b"iTXt", keyword + b"\0\0\0" + text.language.encode("ascii", "replace") + b"\0\0" + value


def raw_profiles(found: Iterable[Text]) -> dict[str, bytes]:
    """Profiles in hexadecimal digits, as ImageMagick writes them, by the last word of their keyword."""
    profiles = {}
    for text in found:
        if text.keyword.lower().startswith("raw profile type "):
            try:
                profiles[text.keyword[17:].lower()] = bytes.fromhex("".join(text.value.split("\n")[3:]))
            except ValueError:
                continue
    return profiles


def raw_profile_chunk(name: str, content: bytes) -> Chunk:
    """The chunk that `raw_profiles` reads."""
    digits = content.hex()
    lines = "\n".join(digits[place : place + 72] for place in range(0, len(digits), 72))
    return text_chunk(Text(f"Raw profile type {name}", f"\n{name}\n{len(content):8}\n{lines}\n"))


def _unpacked(value: bytes) -> bytes | None:
    unpacker = zlib.decompressobj()
    try:
        found = unpacker.decompress(value, _MAX_TEXT)
    except zlib.error:
        return None
    return None if unpacker.unconsumed_tail else found
