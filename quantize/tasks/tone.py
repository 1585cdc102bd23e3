"""Training of the tone network: curves that undo fading and casts, on thumbnails of whole photos."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from convert.mobile.nets import ToneNet
from convert.mobile.nets.tone import THUMBNAIL, apply_curves
from convert.oldphotos import synthesis
from convert.oldphotos.photosets import PhotoSet, some_gray
from quantize.tasks.common import SHOWN, device_of, mean_psnr, rand
from quantize.training.task import Loss

EASY_STEPS = 1000
"""The first steps have faded photos only: else the network changes nothing for a long time."""

BAD, WORST = 0.35, 1.6
"""Of the faded photos, so many are faded by up to so many times what `synthesis.fade` calls 1. A network
that hardly ever saw such photos (whites at 0.6, blacks at 0.3) took back half of their fading."""

DIM, DIMMEST = 0.1, 0.5
"""Of the good photos, so many are shown, and wanted, at a light of so little or more: a dim room is not
faded, for its black is black."""

MAX_NOISE = 0.04
"""The strongest noise of a thumbnail, a standard deviation in shares of white."""

WIDE = 2 * THUMBNAIL
"""Side of the photos that thumbnails for training are cut from."""


class ToneTask:
    """Trains on thumbnails of photos, a third of them faded."""

    def __init__(
        self, network: ToneNet, photos: PhotoSet, count: int = 24, easy_steps: int = EASY_STEPS
    ) -> None:
        self.network = network
        self.train_set = shrunk(photos.train, WIDE)
        self.held_out = shrunk(photos.held_out, THUMBNAIL) / 255
        self.count, self.easy_steps = count, easy_steps

    @property
    def networks(self) -> dict[str, nn.Module]:
        return {"tone": self.network}

    def photos(self, rng: Generator) -> tuple[Tensor, ...]:
        chosen = torch.randint(self.train_set.shape[0], (self.count,), generator=rng)
        return (torch.cat([thumbnail(picture, rng) for picture in self.train_set[chosen]]),)

    def batch(self, step: int, photos: tuple[Tensor, ...], rng: Generator) -> tuple[Tensor, ...]:
        clean = some_gray(photos[0], 0.25, rng)
        amount = rand(rng, self.count)
        amount = torch.where(rand(rng, self.count) < BAD, amount * WORST, amount)
        # Taking a good photo for a faded one is the worse mistake: most of them are good.
        good = rand(rng, self.count) < 0.65
        if step < self.easy_steps:
            amount = amount * 0.5 + 0.5
        else:
            amount = amount * ~good
            light = 1 - (1 - DIMMEST) * rand(rng, self.count) * (good & (rand(rng, self.count) < DIM))
            clean = clean * light[:, None, None, None]
        faded = synthesis.fade(clean, rng, amount)
        # Coarse grain is left in a thumbnail, and reaches beyond the photo's black and white.
        strength = MAX_NOISE * rand(rng, self.count, 1, 1, 1).square()
        noise = torch.randn(faded.shape, generator=rng, device=rng.device) * strength
        return clean, faded, (faded + noise).clamp(0, 1)

    def losses(self, *batch: Tensor) -> Iterator[Loss]:
        clean, faded, seen = batch
        # The curves need more than bfloat16's three digits, and cost next to nothing.
        with torch.autocast(clean.device.type, enabled=False):
            curves = self.network(seen)
        # Squares: by absolute error, leaving everything as it is was a minimum that held for 2,500 steps.
        yield "tone", (apply_curves(faded, curves) - clean).square().mean()

    def evaluate(self, network: nn.Module) -> dict[str, float]:
        device = device_of(network)
        rng = Generator(device).manual_seed(1)
        clean = self.held_out.to(device)
        faded = synthesis.fade(clean, rng, torch.ones(clean.shape[0], device=device))
        kept = apply_curves(clean, network(clean)) - clean
        return {
            "faded_in": mean_psnr(faded - clean),
            "faded_out": mean_psnr(apply_curves(faded, network(faded)) - clean),
            "clean_out": mean_psnr(kept),
        }

    def pictures(self, network: nn.Module) -> dict[str, Tensor]:
        device = device_of(network)
        clean = self.held_out[:SHOWN].to(device)
        ones = torch.ones(len(clean), device=device)
        faded = synthesis.fade(clean, Generator(device).manual_seed(1), ones)
        return {"faded": faded, "restored": apply_curves(faded, network(faded)), "clean": clean}


def thumbnail(picture: Tensor, rng: Generator) -> Tensor:
    """The thumbnail of a random part of ``picture`` ``(3, WIDE, WIDE)``: ``(1, 3, 64, 64)`` in 0..1. Other
    framings keep the network from memorising photos."""
    height, width = torch.randint(WIDE // 2, WIDE + 1, (2,), generator=rng).tolist()
    top = int(torch.randint(WIDE - height + 1, (), generator=rng))
    left = int(torch.randint(WIDE - width + 1, (), generator=rng))
    part = picture[None, :, top : top + height, left : left + width].float() / 255
    small = F.interpolate(part, (THUMBNAIL, THUMBNAIL), mode="area")
    return small.flip(3) if torch.rand((), generator=rng) < 0.5 else small


def shrunk(photos: tuple[Tensor, ...], side: int) -> Tensor:
    """Whole photos ``(H, W, 3)`` as squares of ``side`` pixels, ``(n, 3, side, side)`` uint8."""
    return torch.cat(
        [
            F.interpolate(photo.permute(2, 0, 1)[None].float(), (side, side), mode="area").round().byte()
            for photo in photos
        ]
    )
