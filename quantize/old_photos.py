"""Old photos made from a photo set, to calibrate a bundle with and to prove it on."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from convert.samples import Photos
from quantize import synthesis
from quantize.photosets import random_crops, some_gray

BATCH = 8


def old_photos(photos: tuple[Tensor, ...], count: int, side: int, seed: int, description: str) -> Photos:
    """``count`` aged crops of ``side`` pixels, without and with scratches, and the scratches' exact masks.

    Severities are spread evenly from none to full, and a third keeps some fading, as the tone network
    leaves some: the ranges seen here are what INT8 will be able to express.
    """
    rng = Generator().manual_seed(seed)
    intact, struck, masks = [], [], []
    for first in range(0, count, BATCH):
        size = min(BATCH, count - first)
        clean = some_gray(random_crops(photos, size, side, rng), 0.25, rng)
        faded = torch.rand(size, generator=rng) * (torch.rand(size, generator=rng) < 0.33)
        severity = torch.linspace(0, 1, size)
        damaged = synthesis.age(synthesis.fade(clean, rng, faded * 0.8), severity, rng)
        scratched, mask = synthesis.scratch(damaged, rng)
        # The runtime hands over whole levels.
        intact.append((damaged * 255).round() / 255)
        struck.append((scratched * 255).round() / 255)
        masks.append(mask)
    return Photos(torch.cat(intact), torch.cat(struck), torch.cat(masks), description)
