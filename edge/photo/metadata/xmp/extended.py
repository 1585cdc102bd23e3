"""XMP larger than a segment of a JPEG: the extension is joined when read, and split off when written."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from edge.photo.metadata.xmp.packet import BrokenXmp, Packet, Property, bare_packet, edited, parse
from edge.photo.metadata.xmp.stale import EXTENDED, XMP_NOTE

NAME = b"http://ns.adobe.com/xmp/extension/\0"
MAIN_NAME = b"http://ns.adobe.com/xap/1.0/\0"
MAX_SEGMENT = 65533
"""Bytes that a segment of a JPEG holds."""

MAX_MAIN = MAX_SEGMENT - len(MAIN_NAME)
_MAX_PART = MAX_SEGMENT - len(NAME) - 40
_NOTE_BYTES = 300


def joined(main: bytes, extensions: Sequence[bytes]) -> tuple[bytes, bool]:
    """The packet with its extension's properties, and whether all of that is there.

    Args:
        main: The packet of the first segment.
        extensions: The segments of extensions, without `NAME`: digest, length, offset, data.
    """
    try:
        packet = parse(main)
        wanted = {packet.text(one) for one in packet.find(*EXTENDED)}
        if not wanted:
            return main, True
        extension = parse(_assembled(wanted.pop(), extensions))
        content = _content(extension, extension.properties)
        return edited(main, [packet.added(content)]), True
    except BrokenXmp:
        return main, not extensions


def split(xmp: bytes) -> tuple[bytes, list[bytes]]:
    """The packet for the first segment and the segments of the extension, with `NAME`.

    The largest properties move into the extension. Raises `BrokenXmp` if that is not possible.
    """
    if len(xmp) <= MAX_MAIN:
        return xmp, []
    content, mark, rest = xmp.rpartition(b"<?xpacket end")
    xmp = content.rstrip() + mark + rest  # the padding
    if len(xmp) <= MAX_MAIN:
        return xmp, []
    packet = parse(xmp)
    excess, moved = len(xmp) + _NOTE_BYTES - MAX_MAIN, []
    for one in sorted(packet.properties, key=lambda one: one.start - one.end):
        if excess <= 0:
            break
        moved.append(one)
        excess -= one.end - one.start
    if excess > 0:
        raise BrokenXmp
    extension = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/">' + bare_packet(_content(packet, moved)) + b"</x:xmpmeta>"
    )
    digest = hashlib.md5(extension, usedforsecurity=False).hexdigest().upper().encode()
    note = b' xmlns:xmpNote="%b" xmpNote:HasExtendedXMP="%b">' % (XMP_NOTE.encode(), digest)
    main = edited(xmp, [packet.added(note), *((one.start, one.end, b"") for one in moved)])
    if len(main) > MAX_MAIN:
        raise BrokenXmp
    length = len(extension).to_bytes(4, "big")
    return main, [
        NAME + digest + length + place.to_bytes(4, "big") + extension[place : place + _MAX_PART]
        for place in range(0, len(extension), _MAX_PART)
    ]


def _assembled(digest: bytes, segments: Iterable[bytes]) -> bytes:
    """The extension of this digest; `BrokenXmp` unless its parts are all there, once."""
    parts = {int.from_bytes(one[36:40], "big"): one[40:] for one in segments if one[:32] == digest}
    lengths = {one[32:36] for one in segments if one[:32] == digest}
    place = 0
    for start in sorted(parts):
        if start != place:
            raise BrokenXmp
        place += len(parts[start])
    if {place.to_bytes(8, "big")[4:]} != lengths:
        raise BrokenXmp
    return b"".join(parts[start] for start in sorted(parts))


def _content(packet: Packet, properties: Sequence[Property]) -> bytes:
    """The rest of a description's start tag, and these properties as elements."""
    if packet.ambiguous:
        raise BrokenXmp
    spaces = {name: uri for name, uri in packet.namespaces.items() if name != b"xmlns:rdf"}
    parts = [b"".join(b" " + name + b"=" + uri for name, uri in spaces.items()), b">"]
    for one in sorted(properties, key=lambda one: one.start):
        if one.attribute:
            value = packet.data[slice(*(one.value or (0, 0)))].replace(b">", b"&gt;")
            parts.append(b"<" + one.prefixed + b">" + value + b"</" + one.prefixed + b">")
        else:
            parts.append(packet.data[one.start : one.end])
    return b"".join(parts)
