"""What a file says about itself, in every format that has room for it."""

from __future__ import annotations

from dataclasses import dataclass

from convert.parts import End, PartSource
from edge.manifest import PartName, Role

AUTHOR = "Heirloom"

PARTS: dict[PartName, str] = {
    "tone": "Judges the contrast and cast of a whole photo",
    "scratch": "Finds scratches and other structured damage",
    "encoder": "Photo to latent",
    "mapper": "Latent of an old photo to that of a restored one",
    "mapper_global": "Latent of an old photo to that of a restored one, scratches filled in",
    "decoder": "Latent to what is to be added to the photo",
}

ROLES: dict[Role, str] = {
    "photo": "photo tile, 0 to 1, 4x4 blocks of pixels as 48 channels (row, column, colour)",
    "thumbnail": "the whole photo, 0 to 1, RGB",
    "probability": "probability of damage for each pixel of a 4x4 block",
    "curves": "for each colour, the curve's value at black and its rises to the next knots",
    "latent": "latent, one column of channels for each 4x4 block of pixels",
    "mask": "1 on damaged pixels, else 0, 4x4 blocks as 16 channels",
    "context": "mean undamaged latents of a 16x16 raster over the whole photo",
    "residual": "what to add to the photo (0 to 1), 4x4 blocks of pixels as 48 channels",
}


@dataclass(frozen=True)
class Label:
    """Version and licence of the networks, and what they were trained on."""

    version: str
    licence: str
    data: str


def part_description(source: PartSource) -> str:
    """One line about a part."""
    return f"{PARTS[source.name]}. Old Photo Restoration via Deep Latent Space Translation, mobile family."


def end_description(end: End) -> str:
    """One line about an input or output, its layout included."""
    layout = "batch, tokens or rows, channels" if end.shape else "batch, rows, columns, channels"
    return f"{ROLES[end.role]}; {layout}"
