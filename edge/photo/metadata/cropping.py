"""The metadata of a part of a photo."""

from __future__ import annotations

from dataclasses import replace

from edge.photo.metadata.metadata import Metadata
from edge.photo.metadata.photoshop import without_paths
from edge.photo.metadata.xmp.packet import BrokenXmp, edited, parse
from edge.photo.metadata.xmp.regions import REGIONS, Crop, cropped_regions


def cropped(metadata: Metadata, box: Crop, width: int, height: int) -> Metadata:
    """The metadata of what ``box`` leaves of a photo of ``width`` and ``height`` pixels.

    Regions of faces move; Photoshop's paths go. Sizes are set when the photo is written.
    """
    xmp = metadata.xmp
    if xmp is not None:
        try:
            packet = parse(xmp)
        except BrokenXmp:
            packet = None
        if packet is not None:
            edits = [
                edit
                for one in packet.find(*REGIONS)
                for edit in cropped_regions(packet, one, box, width, height)
            ]
            xmp = edited(xmp, edits)
    return replace(metadata, xmp=xmp, resources=without_paths(metadata.resources))
