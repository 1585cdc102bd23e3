"""IPTC, comments and PNG texts as XMP: the properties that the IPTC Core and the PNG keywords name.

XMP that the photo has already is never changed by a mapping.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from edge.photo.metadata.png_chunks import Text
from edge.photo.metadata.xmp.packet import RDF, edited, new_packet, parse, quoted, text

_SPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "Iptc4xmpCore": "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
}
# IIM's application record: data set, property, kind of value.
_IPTC = {
    5: ("dc:title", "Alt"),
    10: ("photoshop:Urgency", ""),
    12: ("Iptc4xmpCore:SubjectCode", "Bag"),
    15: ("photoshop:Category", ""),
    20: ("photoshop:SupplementalCategories", "Bag"),
    25: ("dc:subject", "Bag"),
    40: ("photoshop:Instructions", ""),
    55: ("photoshop:DateCreated", ""),
    80: ("dc:creator", "Seq"),
    85: ("photoshop:AuthorsPosition", ""),
    90: ("photoshop:City", ""),
    92: ("Iptc4xmpCore:Location", ""),
    95: ("photoshop:State", ""),
    100: ("Iptc4xmpCore:CountryCode", ""),
    101: ("photoshop:Country", ""),
    103: ("photoshop:TransmissionReference", ""),
    105: ("photoshop:Headline", ""),
    110: ("photoshop:Credit", ""),
    115: ("photoshop:Source", ""),
    116: ("dc:rights", "Alt"),
    120: ("dc:description", "Alt"),
    122: ("photoshop:CaptionWriter", ""),
}
# Record version, and the time that belongs to the date.
_SILENT = {0, 60}
_TIME_CREATED = 60
_TEXTS = {
    "Title": ("dc:title", "Alt"),
    "Author": ("dc:creator", "Seq"),
    "Description": ("dc:description", "Alt"),
    "Copyright": ("dc:rights", "Alt"),
    "Software": ("xmp:CreatorTool", ""),
}
_COMMENT = ("exif:UserComment", "Alt")
_UTF8 = b"\x1b%G"
_MAX_COMPARED = 100
_MAX_RECORDS = 10_000
_DATE = re.compile(r"(\d{4})(\d\d)(\d\d)")
_TIME = re.compile(r"(\d\d)(\d\d)(\d\d)([+-]\d\d)?(\d\d)?")


@dataclass(frozen=True)
class Value:
    """A property: its name with the usual prefix, a kind of list or "", and the texts with languages."""

    name: str
    kind: str
    items: tuple[tuple[str, str], ...]


def iptc_values(iptc: bytes) -> tuple[list[Value], int]:
    """The properties of IPTC records, and the number of data sets that have none."""
    found: dict[int, list[str]] = {}
    records = list(islice(_records(iptc), _MAX_RECORDS))
    left = sum(1 for _ in islice(_records(iptc), _MAX_RECORDS, None))
    utf8 = any((record, number, data) == (1, 90, _UTF8) for record, number, data in records)
    for record, number, data in records:
        if record != 2 or number in _SILENT - {_TIME_CREATED}:
            continue
        if number not in _IPTC and number != _TIME_CREATED:
            left += 1
        else:
            found.setdefault(number, []).append(_decoded(data, utf8))
    if date := found.get(55):
        date[:] = [_moment(date[0], found.get(_TIME_CREATED, [""])[0])]
    values = []
    for number, texts in found.items():
        if number in _IPTC:
            name, kind = _IPTC[number]
            values.append(Value(name, kind, tuple(("", one) for one in (texts if kind else texts[:1]))))
    return values, left


def text_values(texts: Iterable[Text]) -> tuple[list[Value], list[str]]:
    """The properties of a PNG's texts, and the others as comments ``Keyword: text``."""
    found: dict[str, list[tuple[str, str]]] = {}
    comments = []
    for one in texts:
        if one.keyword in _TEXTS:
            found.setdefault(one.keyword, []).append((one.language, one.value))
        else:
            comments.append(one.value if one.keyword == "Comment" else f"{one.keyword}: {one.value}")
    return [Value(*_TEXTS[keyword], tuple(items)) for keyword, items in found.items()], comments


def comment_value(comments: Iterable[str]) -> Value:
    """Comments as one property."""
    return Value(*_COMMENT, (("", "\n".join(comments)),))


def with_values(xmp: bytes | None, values: Iterable[Value]) -> tuple[bytes | None, list[Value]]:
    """The packet with the properties that it lacks, and those that it has otherwise.

    Raises:
        BrokenXmp: The packet cannot be edited.
    """
    packet = parse(xmp) if xmp else None
    spaces, content, refused = set(), b"", []
    added: set[str] = set()
    for one in values:
        prefix, _, name = one.name.partition(":")
        present = packet.find(_SPACES[prefix], name) if packet else []
        if one.name in added or not any(item for _, item in one.items):
            continue
        if present:
            whole = packet.data[present[0].start : present[0].end] if packet else b""
            if not all(text(item.strip()) in whole for _, item in one.items[:_MAX_COMPARED]):
                refused.append(one)
            continue
        added.add(one.name)
        spaces.add(prefix)
        content += _element(one)
    if not content:
        return xmp, refused
    start = b"".join(f" xmlns:{prefix}={_uri(prefix)}".encode() for prefix in sorted(spaces))
    whole = start + b">" + content
    if packet is None:
        return new_packet(whole), refused
    return edited(packet.data, [packet.added(whole)]), refused


def decoded_comment(comment: bytes) -> str:
    """The text of a JPEG's comment, whose encoding nobody states."""
    return _decoded(comment.rstrip(b"\0"), False)


def _uri(prefix: str) -> str:
    return quoted(_SPACES[prefix]).decode()


def _element(one: Value) -> bytes:
    name = one.name.encode()
    if not one.kind:
        return b"<%b>%b</%b>" % (name, text(one.items[0][1]), name)
    items = list(one.items)
    if one.kind == "Alt":
        languages = {language for language, _ in items}
        first = items[0][1]
        items = [(language, item) for language, item in items if language]
        if "x-default" not in languages:
            items.insert(0, ("x-default", first))
    rows = b"".join(
        b"<rdf:li%b>%b</rdf:li>"
        % (b" xml:lang=" + quoted(language) if one.kind == "Alt" else b"", text(item))
        for language, item in items
    )
    kind = one.kind.encode()
    return b'<%b><rdf:%b xmlns:rdf="%b">%b</rdf:%b></%b>' % (name, kind, RDF.encode(), rows, kind, name)


def _records(iptc: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Record, data set and content of each, as far as they are whole."""
    place = 0
    while place + 5 <= len(iptc) and iptc[place] == 0x1C:
        record, number, length = struct.unpack_from(">BBH", iptc, place + 1)
        place += 5
        if length & 0x8000:  # the length of the length
            size = length & 0x7FFF
            length = int.from_bytes(iptc[place : place + size], "big") if size <= 4 else len(iptc)
            place += size
        if place + length > len(iptc):
            return
        yield record, number, iptc[place : place + length]
        place += length


def _decoded(data: bytes, utf8: bool) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("utf-8" if utf8 else "cp1252", "replace")


def _moment(date: str, time: str) -> str:
    found = _DATE.fullmatch(date)
    if not found:
        return date
    parts = [part for part in found.groups() if int(part)]
    moment = "-".join(parts)
    if len(parts) == 3 and (clock := _TIME.fullmatch(time)):
        moment += "T" + ":".join(clock.groups()[:3])
        moment += f"{clock[4]}:{clock[5]}" if clock[4] and clock[5] else ""
    return moment
