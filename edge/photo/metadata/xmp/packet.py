"""XMP packets: a parser finds the properties, and edits change their bytes only; all else stays as it was.

Packets are untrusted: document types and entities are refused, and the elements are counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape
from xml.parsers import expat

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"

MAX_BYTES = 64 << 20
"""The largest packet that is read, in bytes."""

_MAX_ELEMENTS = 20_000
_ATTRIBUTE = re.compile(rb"""\s+([^\s=/>"']+)\s*=\s*("[^"]*"|'[^']*')""")
_TAG = re.compile(rb"<[^\s/>]+")
_TAG_END = re.compile(rb"\s*(/?)>")
_NO_XML = "[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
"""A pattern that takes 5 ms to compile: `re` does so at its first use, which most photos don't need."""

Edit = tuple[int, int, bytes]
"""Bytes from, to, and what replaces them."""


class BrokenXmp(ValueError):
    """The packet is no XMP that can be edited."""


@dataclass
class Property:
    """A property of the photo: an attribute or a child of a top-level ``rdf:Description``."""

    space: str
    name: str
    prefixed: bytes
    """The name as the packet writes it."""
    start: int
    end: int
    attribute: bool
    value: tuple[int, int] | None = None
    """Place of the text; ``None`` for a structure or a list."""
    list_open: tuple[int, int, bool] | None = None
    """The start tag of the list inside: from, to, and whether it is empty at once."""
    list_close: int = 0
    """Place of the list's end tag."""


@dataclass
class Packet:
    """A parsed packet."""

    data: bytes
    properties: list[Property] = field(default_factory=list)
    root: tuple[int, int, bool] | None = None
    """The start tag of ``rdf:RDF``, as `Property.list_open`."""
    root_close: int = 0
    about: bytes | None = None
    """The photo's name in the first description, in its quotes."""
    namespaces: dict[bytes, bytes] = field(default_factory=dict)
    """By attribute, such as ``xmlns:dc``: what the descriptions and the elements around them declare."""
    ambiguous: bool = False
    """Whether a prefix has several meanings."""

    def find(self, space: str, name: str) -> list[Property]:
        """The properties of this name in the namespace ``space``."""
        return [one for one in self.properties if (one.space, one.name) == (space, name)]

    def text(self, one: Property) -> bytes:
        """The text of a simple property as it is written, stripped."""
        return b"" if one.value is None else self.data[slice(*one.value)].strip()

    def added(self, content: bytes) -> Edit:
        """The edit that adds a description with this content. Raises `BrokenXmp` without RDF."""
        if self.root is None:
            raise BrokenXmp
        about = self.about or b'""'
        start = b'<rdf:Description xmlns:rdf="' + RDF.encode() + b'" rdf:about=' + about
        return _appended(self.data, self.root, self.root_close, start + content + b"</rdf:Description>")


def parse(data: bytes) -> Packet:
    """The properties of a packet in UTF-8. Raises `BrokenXmp`."""
    if len(data) > MAX_BYTES:
        raise BrokenXmp
    reader = _Reader(data)
    try:
        reader.parser.Parse(data.rstrip(b"\0 \r\n\t"), True)
    except (expat.ExpatError, IndexError, AttributeError, UnicodeError) as error:
        raise BrokenXmp from error
    return reader.packet


def edited(data: bytes, edits: Iterable[Edit]) -> bytes:
    """The packet after the edits; one inside another is left out."""
    parts, place = [], 0
    for start, end, new in sorted(edits, key=lambda edit: (edit[0], -edit[1])):
        if start >= place:
            parts += [data[place:start], new]
            place = end
    return b"".join([*parts, data[place:]])


def text(value: str) -> bytes:
    """A text as an element holds it."""
    return escape(re.sub(_NO_XML, "", value), quote=False).encode()


def quoted(value: str) -> bytes:
    """A text as an attribute's value, in quotes."""
    return b'"' + escape(re.sub(_NO_XML, "", value)).encode() + b'"'


def new_packet(content: bytes = b"") -> bytes:
    """A packet of one description with this content."""
    return (
        b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/">' + bare_packet(content) + b'</x:xmpmeta><?xpacket end="w"?>'
    )


def bare_packet(content: bytes) -> bytes:
    """The RDF of one description; ``content`` begins within its start tag."""
    start = b'<rdf:RDF xmlns:rdf="' + RDF.encode() + b'">'
    return start + b'<rdf:Description rdf:about=""' + (content or b">") + b"</rdf:Description></rdf:RDF>"


def in_list(packet: Packet, one: Property, item: bytes) -> Edit:
    """The edit that appends an item to a property that is a list. Raises `BrokenXmp` if it is none."""
    if one.list_open is None:
        raise BrokenXmp
    return _appended(packet.data, one.list_open, one.list_close, item)


def _appended(data: bytes, tag: tuple[int, int, bool], close: int, content: bytes) -> Edit:
    start, end, empty = tag
    if not empty:
        return close, close, content
    found = _TAG.match(data, start)
    assert found is not None
    opened = data[start:end].rstrip(b">").rstrip(b"/") + b">"
    return start, end, opened + content + b"</" + found[0][1:] + b">"


class _Reader:
    """Expat's callbacks: where each property lies."""

    def __init__(self, data: bytes) -> None:
        self.packet = Packet(data)
        self.parser = expat.ParserCreate("UTF-8", " ")
        self.parser.ordered_attributes = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.StartDoctypeDeclHandler = self.refuse
        self.parser.EntityDeclHandler = self.refuse
        self.depth = self.rdf_depth = self.elements = 0
        self.in_description = False
        self.property: Property | None = None
        self.opened: tuple[int, int, bool] = (0, 0, False)

    def refuse(self, *_: object) -> None:
        raise BrokenXmp

    def start(self, name: str, attributes: list[str]) -> None:
        self.depth += 1
        self.elements += 1
        if self.elements > _MAX_ELEMENTS:
            raise BrokenXmp
        level = self.depth - self.rdf_depth if self.rdf_depth else 0
        if not self.rdf_depth or level <= 2 or (level == 3 and self.property):
            self.opened = self.tag(self.parser.CurrentByteIndex, name, attributes, level)
        if self.property and level >= 3:
            self.property.value = None

    def tag(self, place: int, name: str, attributes: list[str], level: int) -> tuple[int, int, bool]:
        data = self.packet.data
        found = _TAG.match(data, place)
        assert found is not None
        prefixed, end = found[0][1:], found.end()
        spans = []
        while one := _ATTRIBUTE.match(data, end):
            end = one.end()
            if one[1] == b"xmlns" or one[1].startswith(b"xmlns:"):
                known = self.packet.namespaces.setdefault(one[1], one[2]) if level <= 1 else one[2]
                self.packet.ambiguous |= known[1:-1] != one[2][1:-1]
            else:
                spans.append(one)
        last = _TAG_END.match(data, end)
        if last is None or 2 * len(spans) != len(attributes):
            raise BrokenXmp
        opened = (place, last.end(), bool(last[1]))
        if level == 0 and name == f"{RDF} RDF" and self.packet.root is None:
            self.rdf_depth, self.packet.root = self.depth, opened
        elif level == 1 and name == f"{RDF} Description":
            self.in_description = True
            for one, key in zip(spans, attributes[::2], strict=True):
                self.attribute(one, key)
        elif level == 2 and self.in_description:
            space, _, local = name.rpartition(" ")
            self.property = Property(space, local, prefixed, place, last.end(), False)
            self.property.value = None if last[1] else (last.end(), last.end())
        elif level == 3 and self.property and name in (f"{RDF} Seq", f"{RDF} Bag", f"{RDF} Alt"):
            self.property.list_open = opened
        return opened

    def attribute(self, one: re.Match[bytes], key: str) -> None:
        space, _, local = key.rpartition(" ")
        if space == RDF:
            if local == "about" and self.packet.about is None:
                self.packet.about = one[2]
        elif space != "http://www.w3.org/XML/1998/namespace":
            value = (one.start(2) + 1, one.end(2) - 1)
            self.packet.properties.append(Property(space, local, one[1], *one.span(), True, value))

    def end(self, name: str) -> None:
        place = self.parser.CurrentByteIndex
        level = self.depth - self.rdf_depth if self.rdf_depth else -1
        self.depth -= 1
        if level == 0:
            self.packet.root_close = place
            self.rdf_depth = -1  # a second one is not looked at
            self.depth = -(1 << 30)
        elif level == 1:
            self.in_description = False
        elif level == 3 and self.property and self.property.list_open:
            self.property.list_close = self.property.list_close or place
        elif level == 2 and self.property:
            if self.property.value:
                self.property.value = (self.property.value[0], place)
            if self.packet.data.startswith(b"</", place):
                self.property.end = self.packet.data.index(b">", place) + 1
            self.packet.properties.append(self.property)
            self.property = None
