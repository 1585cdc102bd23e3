"""Real damaged photos with labels: a folder `damaged` of photos, and one of `masks`, a PNG of the same name
for each: white where the photo is damaged, black where it is not, gray where nobody can tell."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from convert.errors import PhotoSetError
from convert.oldphotos.photosets import UndecodedPicture, decoded_photos, picture
from convert.oldphotos.sources import SetAside, files_of

DAMAGED, INTACT = 192, 63
"""Labels from here on mean damage, and up to here none."""


def load_labelled(folder: Path, aside: list[SetAside]) -> tuple[Tensor, ...]:
    """The photos of ``folder`` as ``(H, W, 4)`` uint8: red, green, blue, label.

    What can't be decoded is added to ``aside``. Raises PhotoSetError if there is no photo, or one has no
    mask of its size.
    """
    masks = {path.stem: data for path, data in files_of(folder / "masks", (".png",), aside)}
    found = []
    for name, pixels in decoded_photos([folder / "damaged"], 1, aside):
        try:
            mask = picture(masks[Path(name).stem], ("PNG",), "L")
        except (KeyError, UndecodedPicture):
            mask = None
        if mask is None or mask.shape != pixels.shape[:2]:
            raise PhotoSetError(
                f"{name} in {folder} has no mask of its size: add masks/{Path(name).stem}.png."
            )
        found.append(torch.from_numpy(np.dstack((pixels.numpy(), mask))))
    if not found:
        raise PhotoSetError(f"There are no photos in {folder / 'damaged'}: add some, with their masks.")
    return tuple(found)
