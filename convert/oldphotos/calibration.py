"""Old photos made from a photo set, to calibrate a bundle with and to prove it on."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from convert.mobile.samples import Photos
from convert.oldphotos import synthesis
from convert.oldphotos.fill import push_pull, widened
from convert.oldphotos.photosets import random_crops, some_gray
from convert.oldphotos.severity import Severity, draw_severity

BATCH = 8


def old_photos(photos: tuple[Tensor, ...], count: int, side: int, seed: int, description: str) -> Photos:
    """``count`` aged crops of ``side`` pixels: undamaged, damaged, and filled by masks widened as the
    runtime widens them.

    Severities are spread evenly from none to beyond nine real photos in ten, and a third keeps some
    fading, as the tone network leaves some: INT8 can express the ranges that occur here.
    """
    rng = Generator().manual_seed(seed)
    intact, damaged, filled, masks = [], [], [], []
    for first in range(0, count, BATCH):
        size = min(BATCH, count - first)
        crops = random_crops(photos, size, side, rng)
        _, toned, severity = _toned(crops, torch.linspace(0, 1, size), rng)
        intact.append(_levels(synthesis.scan(toned, severity, rng).picture))
        scan = synthesis.damaged_scan(toned, severity, rng)
        damaged.append(_levels(scan.picture))
        masks.append(widened(scan.mask))
        filled.append(_levels(push_pull(damaged[-1], masks[-1])))
    return Photos(torch.cat(intact), torch.cat(damaged), torch.cat(filled), torch.cat(masks), description)


def old_photo(photo: Tensor, severity: float, rng: Generator) -> tuple[Tensor, Tensor]:
    """A whole photo, clean and made old and damaged as those of :func:`old_photos`.

    ``photo`` and both results are ``(H, W, 3)`` uint8; ``severity`` is 0..1. Where the print is gray, the
    clean photo is gray, too.
    """
    picture = photo.permute(2, 0, 1)[None].float() / 255
    clean, toned, drawn = _toned(picture, torch.tensor([severity]), rng)
    old = synthesis.damaged_scan(toned, drawn, rng).picture
    clean, old = (
        (each[0] * 255).round().to(torch.uint8).permute(1, 2, 0).contiguous() for each in (clean, old)
    )
    return clean, old


def _toned(pictures: Tensor, share: Tensor, rng: Generator) -> tuple[Tensor, Tensor, Severity]:
    """The pictures, some of them in gray; the same, some of them faded; their severities, of which there is
    ``share`` ``(B,)`` 0..1."""
    size = len(pictures)
    clean = some_gray(pictures, 0.25, rng)
    faded = torch.rand(size, generator=rng) * (torch.rand(size, generator=rng) < 0.33)
    toned = synthesis.fade(clean, rng, faded * 0.8)
    return clean, toned, synthesis.scaled(draw_severity(size, rng, heavy=1), share)


def _levels(pictures: Tensor) -> Tensor:
    """Whole levels, as the runtime hands them over."""
    return (pictures * 255).round() / 255
