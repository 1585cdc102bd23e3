"""What the tasks share: how badly photos are damaged, losses and figures."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from quantize.photosets import random_crops

CLEAN_SHARE = 0.15
"""Of the training crops, so many are undamaged: the network learns to leave them alone."""

MARGIN = 8
"""Pixels at a crop's border that no loss looks at: there the network sees padding."""


def rand(rng: Generator, *shape: int) -> Tensor:
    """Uniform numbers in 0..1 on the device of ``rng``."""
    return torch.rand(shape, generator=rng, device=rng.device)


def severities(count: int, rng: Generator) -> Tensor:
    """How damaged each crop is, in 0..1: mostly badly, some not at all."""
    return rand(rng, count).sqrt() * (rand(rng, count) >= CLEAN_SHARE)


def random_grid(rng: Generator) -> Tensor:
    """4, 8 or 16 tokens along each side of the global branch's context.

    A token of a whole photo covers many more cells than one of a crop would at 16.
    """
    return 2 ** torch.randint(2, 5, (), generator=rng, device=rng.device)


def pixel_loss(error: Tensor) -> Tensor:
    """Charbonnier, which keeps edges sharp, and squares, which is what PSNR counts."""
    squares = error[..., MARGIN:-MARGIN, MARGIN:-MARGIN].float().square()
    return (squares + 1e-6).sqrt().mean() + 5 * squares.mean()


def mean_psnr(error: Tensor) -> float:
    """Mean PSNR in dB of pictures ``(B, C, H, W)`` in 0..1, from their errors."""
    mean_square = error.float().square().mean((1, 2, 3)).clamp(min=1e-10)
    return float((-10 * mean_square.log10()).mean())


def held_out_crops(photos: tuple[Tensor, ...], count: int, side: int, device: torch.device) -> Tensor:
    """The same crops at every call, for figures."""
    return random_crops(photos, count, side, Generator().manual_seed(0)).to(device)


def device_of(network: torch.nn.Module) -> torch.device:
    """Where a network's weights are."""
    return next(network.parameters()).device
