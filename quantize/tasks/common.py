"""Shared by the tasks: severities of ageing, losses and figures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Generator, Tensor

from convert.oldphotos import decoys, synthesis
from convert.oldphotos.photosets import random_crops
from convert.oldphotos.severity import Severity, draw_severity

CLEAN_SHARE = 0.15
"""Share of the training crops that are undamaged, so that the network leaves such photos as they are."""

MARGIN = 8
"""Pixels at a crop's border that losses leave out: outputs there depend on padding."""


SHOWN = 8
"""Held-out pictures of an evaluation, for TensorBoard."""


def rand(rng: Generator, *shape: int) -> Tensor:
    """Uniform numbers in 0..1 on the device of ``rng``."""
    return torch.rand(shape, generator=rng, device=rng.device)


HEAVY = (0.8, 0.5, 0.45, 0.4, 0.45)
"""Of the training crops, so many have grain, grain's size, blur, resampling and JPEG as the worst tenth of
real photos: those need it most. With the real share of them, a crop would start at 35 dB on average."""

NOISY, NOISE = 0.4, (10, 32)
"""Of the crops, so many have grain of so many levels: enlargements of small negatives. Few photos are
as bad, but nobody needs a restoration more."""

LOSSLESS = 0.3
"""Of the scans, so many were saved without loss: JPEG takes the finest noise away, above all its colours,
and a network that only knows what JPEG left takes the rest for texture."""

SHARP_SCANS = 0.5
"""Of the scans so many add no blur of their own: their grain is fine, however strong, and the network must
learn from such scans (2 dB on a photo that shows it)."""


def severities(count: int, rng: Generator, clean_share: float = CLEAN_SHARE) -> Severity:
    """Severity of each crop: each kind heavy in its share, and none at all in ``clean_share``.

    Each kind is drawn on its own: a network trained with heavy grain on blurred photos only takes that of
    a sharp one for texture, and leaves it (1.8 dB on heavily aged photos after 850 steps).
    """
    drawn = draw_severity(count, rng, HEAVY)
    lossless = rand(rng, count) < LOSSLESS
    drawn = replace(drawn, jpeg=torch.where(lossless, torch.full_like(drawn.jpeg, 100), drawn.jpeg))
    strong = (NOISE[0] + (NOISE[1] - NOISE[0]) * rand(rng, count)) / 255
    grain = torch.where(rand(rng, count) < NOISY, strong, drawn.grain)
    return synthesis.scaled(replace(drawn, grain=grain), rand(rng, count) >= clean_share)


def add_decoys_(crops: Tensor, share: float, rng: np.random.Generator) -> None:
    """Draw wires, text, cloth and the like into a ``share`` of the crops ``(B, 3, H, W)``, in place."""
    for crop in crops:
        if rng.random() < share:
            scene = decoys.draw(rng, crop.permute(1, 2, 0).numpy())
            crop.copy_(torch.from_numpy(scene).permute(2, 0, 1))


def random_grid(rng: Generator) -> Tensor:
    """4, 8 or 16 tokens along each side of the global branch's context.

    A token of a whole photo covers many more cells than one of a crop would at 16.
    """
    return 2 ** torch.randint(2, 5, (), generator=rng, device=rng.device)


def pixel_loss(error: Tensor) -> Tensor:
    """Charbonnier, which keeps edges sharp, and squares, which is what PSNR counts."""
    squares = error[..., MARGIN:-MARGIN, MARGIN:-MARGIN].float().square()
    return (squares + 1e-6).sqrt().mean() + 5 * squares.mean()


def psnr_loss(error: Tensor) -> Tensor:
    """The logarithm of each picture's mean square error: each counts by what it gains in PSNR. Source: Chen
    et al. 2022 (NAFNet).

    By the errors themselves a few heavily aged pictures decide nearly everything, and mildly aged ones get
    worse: they lost 1.1 dB.
    """
    squares = error[..., MARGIN:-MARGIN, MARGIN:-MARGIN].float().square().mean((1, 2, 3))
    return 0.01 * (squares + 1e-4).log().mean()


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
