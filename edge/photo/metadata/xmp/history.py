"""The note of what was done: an entry in the history of a photo's XMP."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from edge.photo.metadata.metadata import Metadata
from edge.photo.metadata.xmp.packet import RDF, BrokenXmp, edited, in_list, new_packet, parse, quoted

_MEDIA = "http://ns.adobe.com/xap/1.0/mm/"
_EVENT = "http://ns.adobe.com/xap/1.0/sType/ResourceEvent#"


def with_note(metadata: Metadata, done: Sequence[str], software: str, when: date) -> Metadata:
    """The metadata with one more entry in ``xmpMM:History``.

    A packet that cannot be edited stays as it is.

    Args:
        metadata: Of the photo that was changed.
        done: What was done, in words; nothing is noted if it is empty.
        software: Name and version.
        when: The day.
    """
    if not done:
        return metadata
    values = {
        "action": "edited",
        "softwareAgent": software,
        "when": when.isoformat(),
        "parameters": "; ".join(done),
    }
    item = b'<rdf:li xmlns:rdf="%b" xmlns:stEvt="%b"' % (RDF.encode(), _EVENT.encode())
    for name, value in values.items():
        item += b" stEvt:" + name.encode() + b"=" + quoted(value)
    item += b"/>"
    whole = b' xmlns:xmpMM="%b"><xmpMM:History><rdf:Seq>%b</rdf:Seq></xmpMM:History>' % (
        _MEDIA.encode(),
        item,
    )
    if not metadata.xmp:
        return replace(metadata, xmp=new_packet(whole))
    try:
        packet = parse(metadata.xmp)
        found = packet.find(_MEDIA, "History")
        edit = in_list(packet, found[0], item) if found else packet.added(whole)
    except BrokenXmp:
        return metadata
    return replace(metadata, xmp=edited(metadata.xmp, [edit]))
