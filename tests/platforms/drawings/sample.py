"""The photo on the drawn screens: the sample, its damage as found, and what the shipped bundle makes."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

import heirloom

PHOTO = Path(__file__).parents[3] / "samples/astronaut-old.jpg"


@dataclass(frozen=True)
class Sample:
    """Pictures as `data:` addresses, and what was done: the damaged share 0..1 and the number of faces."""

    width: int
    height: int
    before: str
    after: str
    damage: str
    """An alpha mask: opaque where the photo is damaged."""
    share: float
    faces: int


def sample() -> Sample:
    """Restore the sample by the bundle that ships."""
    restored = heirloom.restore(PHOTO)
    damage = restored.damage
    if damage is None or not damage.share:
        raise ValueError("nothing was found on the sample, so that there is no damage to draw")
    height, width = restored.photo.pixels.shape[:2]
    alpha = Image.fromarray(damage.mask.astype(np.uint8) * 255).resize(
        (width, height), Image.Resampling.NEAREST
    )
    mask = Image.new("LA", (width, height))
    mask.putalpha(alpha)
    return Sample(
        width,
        height,
        _address(Image.open(PHOTO)),
        _address(Image.fromarray(restored.photo.pixels)),
        _address(mask),
        damage.share,
        sum(face.refined for face in restored.faces),
    )


def _address(picture: Image.Image) -> str:
    out = io.BytesIO()
    picture.save(out, "PNG")
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()
