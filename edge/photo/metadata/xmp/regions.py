"""Regions of faces in XMP (of the Metadata Working Group): turned and cropped with the photo.

Their coordinates are shares of the sides of the picture as it is stored, before its orientation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from edge.photo.metadata.xmp.packet import Edit, Packet, Property

REGIONS = ("http://www.metadataworkinggroup.com/schemas/regions/", "Regions")
_AREA = "http://ns.adobe.com/xmp/sType/Area#"
_SIZE = "http://ns.adobe.com/xap/1.0/sType/Dimensions#"
_MAX_DIGITS = 6

Number = tuple[str, int, int]
"""Name of a field, and the place of its value."""


@dataclass(frozen=True)
class Crop:
    """A part of a photo, in pixels."""

    left: int
    top: int
    width: int
    height: int


def turned_regions(packet: Packet, one: Property, orientation: int, width: int, height: int) -> list[Edit]:
    """The edits that turn a property's regions by an EXIF orientation.

    Left as they are if they were drawn on a picture of the upright photo's proportions: ``width`` and
    ``height`` in pixels.
    """
    edits: list[Edit] = []
    for size in _groups(packet, one, _SIZE, "stDim"):
        sides = {name: _value(packet, place) for name, *place in size}
        if orientation >= 5 and {"w", "h"} <= sides.keys():
            if (sides["w"] > sides["h"]) == (width > height) and sides["w"] != sides["h"]:
                return []
            edits += _changed(packet, size, {"w": sides["h"], "h": sides["w"]})
    for area in _groups(packet, one, _AREA, "stArea"):
        values = {name: _value(packet, place) for name, *place in area}
        if {"x", "y"} <= values.keys():
            edits += _changed(packet, area, _turned(values, orientation))
    return edits


def cropped_regions(packet: Packet, one: Property, box: Crop, width: int, height: int) -> list[Edit]:
    """The edits that place a property's regions in the crop of a photo of this size in pixels."""
    edits: list[Edit] = []
    for size in _groups(packet, one, _SIZE, "stDim"):
        edits += _changed(packet, size, {"w": box.width, "h": box.height})
    for area in _groups(packet, one, _AREA, "stArea"):
        values = {name: _value(packet, place) for name, *place in area}
        if {"x", "y"} <= values.keys():
            values["x"] = (values["x"] * width - box.left) / box.width
            values["y"] = (values["y"] * height - box.top) / box.height
            for name, factor in (("w", width / box.width), ("h", height / box.height)):
                if name in values:
                    values[name] *= factor
            edits += _changed(packet, area, values)
    return edits


def _turned(values: dict[str, float], orientation: int) -> dict[str, float]:
    x, y = values["x"], values["y"]
    if orientation >= 5:
        x, y = y, x
        values = values | {new: values[old] for new, old in (("w", "h"), ("h", "w")) if old in values}
    if orientation in (2, 3, 6, 7):
        x = 1 - x
    if orientation in (3, 4, 7, 8):
        y = 1 - y
    return values | {"x": x, "y": y}


def _groups(packet: Packet, one: Property, space: str, usual: str) -> Iterator[list[Number]]:
    """The numbers of each structure: a name that comes again begins the next one."""
    found = {uri[1:-1]: name[6:] for name, uri in packet.namespaces.items()}
    prefix = re.escape(found.get(space.encode(), usual.encode()))
    number = rb"""(?:\s*=\s*["']|>)\s*([0-9]{0,9}\.?[0-9]{1,20})\b"""
    field = re.compile(rb"[<\s]" + prefix + rb":([xywhd])" + number)
    group: list[Number] = []
    for match in field.finditer(packet.data, one.start, one.end):
        name = match[1].decode()
        if name in {other for other, _, _ in group}:
            yield group
            group = []
        group.append((name, *match.span(2)))
    if group:
        yield group


def _value(packet: Packet, place: list[int]) -> float:
    return float(packet.data[slice(*place)])


def _changed(packet: Packet, group: list[Number], values: dict[str, float]) -> Iterator[Edit]:
    for name, start, end in group:
        if name in values and values[name] != _value(packet, [start, end]):
            number = f"{values[name]:.{_MAX_DIGITS}f}".rstrip("0").rstrip(".")
            yield start, end, number.encode()
