"""Scratch detection, for the mobile detector and for the published UNet."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from convert.evaluate import area_under_curve
from convert.nets.mobile import ScratchDetector
from convert.nets.mobile.blocks import to_cells, to_pixels
from convert.nets.reference import ScratchUnet
from quantize import synthesis
from quantize.photosets import PhotoSet, random_crops, some_gray
from quantize.tasks.common import device_of, held_out_crops, rand, severities
from quantize.trainer import Loss

EASY_STEPS = 1500
"""The first steps see scratches without heavy noise: else the detector learns nothing for long."""

LUMINANCE = (0.299, 0.587, 0.114)


class ScratchTask:
    """Detection of synthesised scratches on aged, faded photos, by cross-entropy and overlap."""

    def __init__(
        self,
        network: ScratchDetector | ScratchUnet,
        photos: PhotoSet,
        count: int = 8,
        side: int = 128,
        easy_steps: int = EASY_STEPS,
    ) -> None:
        self.network = network
        self.set, self.count, self.side, self.easy_steps = photos, count, side, easy_steps

    @property
    def players(self) -> dict[str, nn.Module]:
        return {"detector": self.network}

    def photos(self, rng: Generator) -> tuple[Tensor, ...]:
        return (random_crops(self.set.train, self.count, self.side, rng),)

    def batch(self, step: int, photos: tuple[Tensor, ...], rng: Generator) -> tuple[Tensor, ...]:
        return damaged(some_gray(photos[0], 0.4, rng), rng, ease=step < self.easy_steps)

    def losses(self, *batch: Tensor) -> Iterator[Loss]:
        seen, target = batch
        logits = scratch_logits(self.network, seen).float()
        found = logits.sigmoid()
        overlap = 1 - (2 * (found * target).sum() + 1) / (found.sum() + target.sum() + 1)
        yield "detector", F.binary_cross_entropy_with_logits(logits, target) + 0.2 * overlap

    def evaluate(self, network: nn.Module) -> dict[str, float]:
        device = device_of(network)
        rng = Generator(device).manual_seed(1)
        seen, mask = damaged(held_out_crops(self.set.held_out, 32, 160, device), rng)
        found = scratch_logits(network, seen).sigmoid()
        target = mask > 0.5
        hit = (found > 0.5) & target
        return {
            "auc": area_under_curve(found.flatten().cpu().numpy(), target.flatten().cpu().numpy()),
            "precision": float(hit.sum() / (found > 0.5).sum().clamp(min=1)),
            "recall": float(hit.sum() / target.sum().clamp(min=1)),
        }


def scratch_logits(network: nn.Module, photos: Tensor) -> Tensor:
    """Logits ``(B, 1, H, W)`` of either detector for photos ``(B, 3, H, W)`` in 0..1."""
    if isinstance(network, ScratchDetector):
        return to_pixels(network.logits(to_cells(photos)))
    gray = (photos * photos.new_tensor(LUMINANCE)[:, None, None]).sum(1, keepdim=True)
    logits: Tensor = network(gray * 2 - 1)
    return logits


def damaged(clean: Tensor, rng: Generator, ease: bool = False) -> tuple[Tensor, Tensor]:
    """Aged, scratched and faded crops with their masks; half of them have no scratches.

    Edges of undamaged photos are what a detector takes for scratches first. With ``ease`` there is little
    noise, no fading, and every crop is scratched.
    """
    count = clean.shape[0]
    aged = synthesis.age(clean, severities(count, rng) * (0.3 if ease else 1), rng)
    scratched, mask = synthesis.scratch(aged, rng)
    if ease:
        return scratched, mask
    spared = rand(rng, count, 1, 1, 1) < 0.5
    seen = torch.where(spared, aged, scratched)
    return synthesis.fade(seen, rng, rand(rng, count)), mask * ~spared
