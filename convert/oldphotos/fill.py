"""Damaged pixels filled from a pyramid of the intact ones, as in `edge.restore.damage.fill`."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def push_pull(pictures: Tensor, mask: Tensor) -> Tensor:
    """``pictures`` ``(B, C, H, W)`` with the pixels of ``mask`` ``(B, 1, H, W)`` (1: damaged) filled.

    Down, a pixel is the weighted mean of its 2x2 block, and counts fully once half of the block does; up,
    what it lacks in weight is interpolated from the next coarser level (`edge.restore.damage.fill`,
    in real numbers). Intact pixels stay as they are, and so does a picture without any.
    """
    levels = [(pictures, (mask < 0.5).to(pictures.dtype))]
    while max(levels[-1][0].shape[2:]) > 1:
        levels.append(_coarser(*levels[-1]))
    filled, known = levels.pop()
    for finer, weights in reversed(levels):
        height, width = finer.shape[2:]
        risen = F.interpolate(filled, scale_factor=2.0, mode="bilinear", align_corners=False)
        filled = torch.lerp(risen[:, :, :height, :width], finer, weights)
    return torch.where(known > 0, filled, pictures)


def _coarser(pictures: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """The weighted mean of each 2x2 block, and its weight."""
    height, width = pictures.shape[2:]
    odd = (0, width % 2, 0, height % 2)
    sums = 4 * F.avg_pool2d(F.pad(torch.cat((pictures * weights, weights), 1), odd), 2)
    total = sums[:, -1:]
    return sums[:, :-1] / total.clamp(min=1e-6), (total / 2).clamp(max=1)


def widened(mask: Tensor) -> Tensor:
    """``mask`` ``(B, 1, H, W)`` wider by a pixel on every side, as the runtime widens what it has found."""
    return F.max_pool2d(mask, 3, stride=1, padding=1)
