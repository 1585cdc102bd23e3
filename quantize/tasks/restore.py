"""Training of the mobile restore path on synthesised old photos whose damage is filled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from convert.mobile.nets import MobileRestorer
from convert.oldphotos import damage, synthesis
from convert.oldphotos.damage import Layers, Overlays
from convert.oldphotos.damage.drawing import numbers_of
from convert.oldphotos.fields import smooth_noise
from convert.oldphotos.fill import push_pull
from convert.oldphotos.photosets import PhotoSet, scaled_crops
from convert.oldphotos.severity import Severity
from convert.oldphotos.synthesis import Scan
from quantize.tasks.common import (
    SHARP_SCANS,
    SHOWN,
    add_decoys_,
    device_of,
    mean_psnr,
    psnr_loss,
    rand,
    random_grid,
    severities,
)
from quantize.training.task import Loss

EASY_STEPS = 2000
"""The first steps have heavy grain on every crop and nothing else: begun on the whole mixture, training
stays near the identity."""

TONE = synthesis.Settings(
    gray=0.3, hard=0, faded=0.35, sepia=0.2, vignette=0, stains=0, foxing=0, texture=0
)
"""Prints for training: input and target have the same tone, since the tone network restores tone."""

CROP_OF = 3.0
"""A crop's damage is that of a picture up to so many times as large."""

SHARPENED = 1.0
"""Sigma in pixels: so much of a scan's blur is to be taken away. Detail beyond that is lost, and would be
most of the error: beside it the network hardly learns to take grain away."""

DECOYS = 0.15
"""Of the crops, so many have text, checks, railings and the like. A network that sees few fine patterns
takes those of cloth for grain."""

MAX_MASKED = 0.6
"""A photo with more of it masked is restored as if it were undamaged."""


@dataclass(eq=False)
class RestoreTask:
    """Half of each batch is damaged; it is filled, and goes through the global branch with its mask."""

    network: MobileRestorer
    set: PhotoSet
    count: int = 8
    """Crops of a step."""
    side: int = 128
    """Of a crop, in pixels."""
    easy_steps: int = EASY_STEPS
    overlays: Overlays | None = None
    """Scanned dirt and scratches, beside synthetic ones."""

    @property
    def networks(self) -> dict[str, nn.Module]:
        return {"restorer": self.network}

    def photos(self, rng: Generator) -> tuple[Tensor, ...]:
        crops = scaled_crops(self.set.train, self.count, self.side, rng)
        add_decoys_(crops, DECOYS, numbers_of(rng))
        size = self.side, self.side
        layers = damage.draw(size, [True] * (self.count // 2), rng, self.overlays, CROP_OF)
        return crops, layers.covers, layers.paints

    def batch(self, step: int, photos: tuple[Tensor, ...], rng: Generator) -> tuple[Tensor, ...]:
        crops, covers, paints = photos
        clean = synthesis.toned(crops, rng, TONE)
        severity = severities(self.count, rng)
        if step < self.easy_steps:
            severity = grain_only(severity, rng)
        spared = self.count - self.count // 2
        first, rest = (synthesis.part(severity, which) for which in (slice(spared), slice(spared, None)))
        aged = synthesis.scan(clean[:spared], first, rng, sharp=SHARP_SCANS).picture
        scan = synthesis.scan(clean[spared:], rest, rng, Layers(covers, paints), sharp=SHARP_SCANS)
        mask = detected(scan.mask, rng)
        mask = mask * (mask.mean((1, 2, 3), keepdim=True) <= MAX_MASKED)
        return in_reach(clean, severity), aged, push_pull(scan.picture, mask), mask, random_grid(rng)

    def losses(self, *batch: Tensor) -> Iterator[Loss]:
        clean, aged, filled, mask, grid = batch
        restored = torch.cat((self.network(aged), self.network(filled, mask, int(grid))))
        yield "restorer", psnr_loss(restored - clean)

    def evaluate(self, network: nn.Module) -> dict[str, float]:
        clean, aged, scan = self._held_out(32, device_of(network))
        filled = push_pull(scan.picture, scan.mask)
        restored = network(filled, scan.mask).clamp(0, 1)
        return {
            "unstructured_in": mean_psnr(aged - clean),
            "unstructured_out": mean_psnr(network(aged).clamp(0, 1) - clean),
            "damaged_in": mean_psnr(scan.picture - clean),
            "damaged_filled": mean_psnr(filled - clean),
            "damaged_out": mean_psnr(restored - clean),
            "inside_in": inside_psnr(scan.picture - clean, scan.mask),
            "inside_filled": inside_psnr(filled - clean, scan.mask),
            "inside_out": inside_psnr(restored - clean, scan.mask),
            "clean_out": mean_psnr(network(clean).clamp(0, 1) - clean),
        }

    def pictures(self, network: nn.Module) -> dict[str, Tensor]:
        clean, _, scan = self._held_out(SHOWN, device_of(network))
        filled = push_pull(scan.picture, scan.mask)
        restored = network(filled, scan.mask).clamp(0, 1)
        return {"old photo": scan.picture, "filled": filled, "restored": restored, "clean": clean}

    def _held_out(self, count: int, device: torch.device) -> tuple[Tensor, Tensor, Scan]:
        """The same clean photos at every call, aged, and aged and damaged."""
        drawn, rng = Generator().manual_seed(0), Generator(device).manual_seed(1)
        clean = scaled_crops(self.set.held_out, count, 160, drawn).to(device)
        layers = damage.draw((160, 160), [True] * count, drawn, self.overlays).to(device)
        severity = severities(count, rng, clean_share=0)
        aged = synthesis.scan(clean, severity, rng, sharp=SHARP_SCANS).picture
        return clean, aged, synthesis.scan(clean, severity, rng, layers, sharp=SHARP_SCANS)


def in_reach(clean: Tensor, severity: Severity) -> Tensor:
    """Clean photos as sharp as scans of that severity can be made again."""
    lost = severity.blur.square() + synthesis.resampling_blur(severity.scale).square()
    return synthesis.gaussian_filter(clean, (lost - SHARPENED**2).clamp(min=0).sqrt())


def inside_psnr(error: Tensor, mask: Tensor) -> float:
    """PSNR in dB over the damaged pixels of all pictures together."""
    squares = (error.float().square() * mask).sum() / (mask.sum() * error.shape[1]).clamp(min=1)
    return float(-10 * squares.clamp(min=1e-10).log10())


def grain_only(severity: Severity, rng: Generator) -> Severity:
    """Grain of 8 to 24 levels on every picture, and neither blur nor JPEG."""
    strength = (8 + 16 * rand(rng, len(severity.grain))) / 255
    nothing = torch.zeros_like(strength)
    return Severity(strength, severity.grain_size, nothing, nothing + 1, nothing + 100)


def detected(mask: Tensor, rng: Generator) -> Tensor:
    """An exact mask as a detector or a person gives it: often wider by a pixel or two, sometimes wrong.

    A third of the masks also cover places that another picture's damage would cover, so that the network
    compares the mask with the picture; a sixth lack the damage of a part of the picture.
    """
    count = mask.shape[0]
    one, two = (F.max_pool2d(mask, 2 * by + 1, stride=1, padding=by) for by in (1, 2))
    width = rand(rng, count, 1, 1, 1)
    wider = torch.where(width < 0.4, mask, torch.where(width < 0.8, one, two))
    missed = (rand(rng, count, 1, 1, 1) < 1 / 6) & (smooth_noise(mask, 5, rng) > 0.7)
    wrong = rand(rng, count, 1, 1, 1) < 1 / 3
    return torch.maximum(wider * ~missed, wider.roll(1, 0) * wrong)
