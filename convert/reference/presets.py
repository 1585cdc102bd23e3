"""Presets of the pipeline around the published networks: as published, or Heirloom's own."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Preset:
    """The pipeline around the networks. Source of the published behaviour: its released code."""

    mask_threshold: float
    """Probabilities that reach it are damage."""
    resizes: bool
    """Whether the photo is resized to multiples of 4 (16 with scratches), at least 16, and stays so; else
    it is mirrored a little beyond its borders and cut back."""
    stretches: bool
    """Whether the result's darkest and brightest values, over all colours and the whole photo, become
    black and white."""
    in_colour: bool
    """Whether gray photos come out in the network's colours, whatever the options."""
    expects_scratches: bool
    """Whether a photo in which no scratch was found still passes the mapping for scratched ones."""
    replaces_faces: bool
    """Whether refined faces, their histograms matched, replace the photo's under a mask that fades out over
    25 pixels; else their changes are added as on the mobile path."""


PRESETS = {
    "heirloom": Preset(
        mask_threshold=0.4,
        resizes=False,
        stretches=False,
        in_colour=False,
        expects_scratches=False,
        replaces_faces=False,
    ),
    "published": Preset(
        mask_threshold=0.4,
        resizes=True,
        stretches=True,
        in_colour=True,
        expects_scratches=True,
        replaces_faces=True,
    ),
}
"""Both paint damage white before encoding, since the networks were trained so, and widen the mask by 3
pixels for the high-resolution mapping only."""
