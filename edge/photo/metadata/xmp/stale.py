"""XMP that is no longer true: orientation and sizes are set right, pictures of the photo before go."""

from __future__ import annotations

import re

from edge.photo.metadata.xmp.packet import BrokenXmp, Edit, Packet, Property, edited, parse
from edge.photo.metadata.xmp.regions import REGIONS, turned_regions

TIFF, EXIF = "http://ns.adobe.com/tiff/1.0/", "http://ns.adobe.com/exif/1.0/"
XMP, XMP_NOTE = "http://ns.adobe.com/xap/1.0/", "http://ns.adobe.com/xmp/note/"
EXTENDED = (XMP_NOTE, "HasExtendedXMP")

GAIN_MAP, MOTION, ORIGINAL = (
    "the gain map (HDR)",
    "the motion video",
    "the picture before a camera's effect",
)

# Namespaces and beginnings of names; "" is all of a namespace.
_GONE: tuple[tuple[str, str, str | None], ...] = (
    (XMP, "Thumbnails", None),
    (XMP_NOTE, "HasExtendedXMP", None),
    ("http://ns.adobe.com/hdr-gain-map/1.0/", "", GAIN_MAP),
    ("http://ns.apple.com/HDRGainMap/1.0/", "", GAIN_MAP),
    ("http://ns.google.com/photos/1.0/container/", "", None),
    ("http://ns.google.com/photos/1.0/camera/", "MicroVideo", MOTION),
    ("http://ns.google.com/photos/1.0/camera/", "MotionPhoto", MOTION),
    ("http://ns.google.com/photos/1.0/image/", "", ORIGINAL),
)
_SWAPPED = (
    (TIFF, "XResolution", "YResolution"),
    (EXIF, "FocalPlaneXResolution", "FocalPlaneYResolution"),
)
_WIDTHS = ((TIFF, "ImageWidth"), (EXIF, "PixelXDimension"))
_HEIGHTS = ((TIFF, "ImageLength"), (EXIF, "PixelYDimension"))
# A packet that no parser reads: viewers look for this text.
_ORIENTATION = re.compile(rb"""(tiff:Orientation(?:\s*=\s*["']|>)\s*)([1-8])""")


def orientation_of(xmp: bytes) -> int | None:
    """The orientation that a packet states, 1 to 8."""
    try:
        packet = parse(xmp)
    except BrokenXmp:
        found = _ORIENTATION.search(xmp)
        return int(found[2]) if found else None
    values = [packet.text(one) for one in packet.find(TIFF, "Orientation")]
    good = [int(value) for value in values if re.fullmatch(rb"[1-8]", value)]
    return good[0] if good else None


def upright_xmp(xmp: bytes, orientation: int, width: int, height: int) -> tuple[bytes, tuple[str, ...]]:
    """The packet with orientation 1 and without what the result lacks, and what that is in words.

    ``orientation`` has been applied; ``width`` and ``height`` are those of the upright photo. A packet that
    cannot be parsed is kept, and only its orientation is set.
    """
    try:
        packet = parse(xmp)
    except BrokenXmp:
        return _ORIENTATION.sub(rb"\g<1>1", xmp), ()
    edits = [_set(packet, one, b"1") for one in packet.find(TIFF, "Orientation")]
    lost: dict[str, None] = {}
    for one in packet.properties:
        for space, start, words in _GONE:
            if one.space == space and one.name.startswith(start):
                edits.append((one.start, one.end, b""))
                if words and packet.text(one) != b"0":
                    lost[words] = None
    for one in packet.find(*REGIONS) if orientation > 1 else ():
        edits += turned_regions(packet, one, orientation, width, height)
    if orientation >= 5:
        for space, across, down in _SWAPPED:
            pair = packet.find(space, across), packet.find(space, down)
            if len(pair[0]) == len(pair[1]) == 1:
                (one,), (other,) = pair
                edits += [_set(packet, one, packet.text(other)), _set(packet, other, packet.text(one))]
    return edited(xmp, edits), tuple(lost)


def sized_xmp(xmp: bytes, width: int, height: int) -> bytes:
    """The packet with the photo's size, where it states one."""
    try:
        packet = parse(xmp)
    except BrokenXmp:
        return xmp
    edits = []
    for size, names in ((width, _WIDTHS), (height, _HEIGHTS)):
        edits += [_set(packet, one, b"%d" % size) for name in names for one in packet.find(*name)]
    return edited(xmp, edits)


def _set(packet: Packet, one: Property, value: bytes) -> Edit:
    if one.value is None:
        return one.start, one.start, b""
    return (*one.value, value)
