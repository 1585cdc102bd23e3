"""Descriptions stored in artifact files, in formats that have fields for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from convert.mobile.parts import PartSource, TensorSpec
from edge.bundle.manifest import PartName, PublishedName, Role

AUTHOR = "Heirloom"

_PUBLISHED = {
    "detection": "Finds scratches and other structured damage",
    "vae_encoder": "Encoder of the first VAE: an old photo, scratches painted white, to its latent",
    "mapping_quality": "Latent of an old photo to that of a restored one",
    "mapping_scratch": "Latent of an old photo to that of a restored one, scratches filled in",
    "mapping_hr": "Latent of an old photo to that of a restored one, scratches filled with intact patches",
    "vae_decoder_quality": "Decoder of the second VAE for what mapping_quality gives",
    "vae_decoder_scratch": "Decoder of the second VAE for what the mappings of scratched photos give",
    "face": "Refines an aligned face",
}

PARTS: dict[PartName, str] = {
    "tone": "Judges the contrast and cast of a whole photo",
    "scratch": "Finds cracks, tears, scratches and other damage",
    "finder": "Finds faces of some 20 to 56 pixels; the photo is shown at every half of its size",
    "encoder": "Photo to latent",
    "mapper": "Latent of an old photo to that of a restored one",
    "mapper_global": "Latent of an old photo to that of a restored one, scratches filled in",
    "decoder": "Latent to what is to be added to the photo",
    "face": "Refines an aligned face",
    **{name: _PUBLISHED[name.rpartition("_")[0]] for name in get_args(PublishedName)},
}

ROLES: dict[Role, str] = {
    "photo": "photo tile, 0 to 1, square blocks of pixels as channels (row, column, colour)",
    "thumbnail": "the whole photo, 0 to 1, RGB",
    "probability": "probability of damage for each pixel of a 4x4 block",
    "curves": "for each colour, the curve's value at black and its rises to the next knots",
    "latent": "latent, one column of channels for each 4x4 block of pixels",
    "mask": "1 on damaged pixels, else 0, 4x4 blocks as 16 channels",
    "context": "mean undamaged latents of a 16x16 raster over the whole photo",
    "residual": "what to add to the photo (0 to 1), 4x4 blocks of pixels as 48 channels",
    "gray": "the picture in gray, -1 to 1",
    "picture": "picture, RGB, -1 to 1",
    "face": "aligned face, RGB, -1 to 1",
    "faces": "for each 8x8 block of pixels: logit of a face's middle, then x and y of five points, "
    "from there in units of 4 pixels",
    "face_pair": "aligned face before and after restoring, 0 to 1, 4x4 blocks of pixels as channels",
}


@dataclass(frozen=True)
class Label:
    """Version and licence of the networks, and what they were trained on."""

    version: str
    licence: str
    data: str


def part_description(source: PartSource) -> str:
    """One line about a part."""
    family = "published networks" if source.name in get_args(PublishedName) else "mobile family"
    return f"{PARTS[source.name]}. Old Photo Restoration via Deep Latent Space Translation, {family}."


def end_description(end: TensorSpec) -> str:
    """One line about an input or output, its layout included."""
    tokens = end.shape is not None and len(end.shape) == 2
    layout = "batch, tokens or rows, channels" if tokens else "batch, rows, columns, channels"
    return f"{ROLES[end.role]}; {layout}"
