"""Random fields over a batch of pictures, on their device: what tone, stains, grain and masks vary by."""

from __future__ import annotations

import torch
from torch import Generator, Tensor
from torch.nn import functional as F


def uniform(low: float, high: float, shape: tuple[int, ...], like: Tensor, rng: Generator) -> Tensor:
    """Uniform numbers on the device of ``like``, which is also the generator's."""
    return torch.rand(shape, generator=rng, device=like.device) * (high - low) + low


def pixel_grid(like: Tensor) -> tuple[Tensor, Tensor]:
    """Row and column ``(H, W)`` of every pixel of ``like`` ``(..., H, W)``."""
    height, width = like.shape[-2:]
    rows = torch.arange(height, device=like.device, dtype=torch.float32)
    columns = torch.arange(width, device=like.device, dtype=torch.float32)
    return rows[:, None].expand(height, width), columns[None, :].expand(height, width)


def smooth_noise(like: Tensor, cells: int, rng: Generator) -> Tensor:
    """Bicubic noise ``(B, 1, H, W)`` of about unit variance, ``cells`` bumps to a side."""
    coarse = torch.randn((like.shape[0], 1, cells, cells), generator=rng, device=like.device)
    return F.interpolate(coarse, like.shape[-2:], mode="bicubic", align_corners=True)
