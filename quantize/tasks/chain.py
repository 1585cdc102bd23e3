"""Joint fine-tuning of the mobile chain: the restore path behind the tone network and the detector."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from convert.mobile.nets import DamageDetector, ToneNet
from convert.mobile.nets.tone import THUMBNAIL, apply_curves
from convert.oldphotos import synthesis
from convert.oldphotos.damage import Overlays
from convert.oldphotos.fill import push_pull
from convert.oldphotos.photosets import PhotoSet, random_crops, some_gray
from convert.oldphotos.severity import Severity
from quantize.int8.fake_quant import FakeQuantized
from quantize.tasks.common import (
    device_of,
    held_out_crops,
    mean_psnr,
    pixel_loss,
    rand,
    random_grid,
    severities,
)
from quantize.tasks.detector import scratch_logits
from quantize.training.task import Loss

AGREE = 20.0
"""Weight of the squared difference of INT8 and float results: at 40 dB a sixth of the loss's squares."""

EXACT_SHARE = 0.5
"""Of the scratched crops, so many come with the exact mask."""


class ChainTask:
    """The restore path, rounded as INT8 is, learns to live with what the others really hand over.

    ``threshold`` is the probability from which the runtime takes a pixel for damaged.
    """

    def __init__(
        self,
        network: FakeQuantized,
        tone: ToneNet,
        detector: DamageDetector,
        photos: PhotoSet,
        threshold: float,
        count: int = 8,
        side: int = 128,
        overlays: Overlays | None = None,
    ) -> None:
        self.network, self.overlays = network, overlays
        self.tone, self.detector = (n.eval().requires_grad_(False) for n in (tone, detector))
        self.set, self.threshold, self.count, self.side = photos, threshold, count, side

    @property
    def players(self) -> dict[str, nn.Module]:
        return {"restorer": self.network}

    def photos(self, rng: Generator) -> tuple[Tensor, ...]:
        return (random_crops(self.set.train, self.count, self.side, rng),)

    def batch(self, step: int, photos: tuple[Tensor, ...], rng: Generator) -> tuple[Tensor, ...]:
        clean = some_gray(photos[0], 0.25, rng)
        amount = rand(rng, self.count) * (rand(rng, self.count) < 0.35)
        damaged = self.count // 4
        return *self._old(clean, amount, severities(self.count, rng), damaged, rng), random_grid(rng)

    @torch.no_grad()
    def _old(
        self, clean: Tensor, amount: Tensor, severity: Severity, damaged: int, rng: Generator
    ) -> tuple[Tensor, ...]:
        """Truth and input, both after the tone curves; masks of the last ``damaged``, which are filled."""
        faded = synthesis.fade(clean, rng, amount)
        spared = len(clean) - damaged
        struck = [index >= spared for index in range(len(clean))]
        scan = synthesis.damaged_scan(faded, severity, rng, struck, self.overlays)
        thumbnail = F.interpolate(scan.picture, (THUMBNAIL, THUMBNAIL), mode="area")
        curves = self.tone(thumbnail)
        toned, truth = apply_curves(scan.picture, curves), apply_curves(faded, curves)
        found = scratch_logits(self.detector, toned[spared:]).sigmoid() >= self.threshold
        # What the detector overlooks teaches the network to distrust every mask, hence some exact ones.
        exact = rand(rng, damaged, 1, 1, 1) < EXACT_SHARE
        mask = torch.where(exact, scan.mask[spared:], found.to(toned.dtype))
        # The runtime widens masks by one pixel (edge/restore/damage/mask.py).
        mask = F.max_pool2d(mask, 3, stride=1, padding=1)
        return truth, torch.cat((toned[:spared], push_pull(toned[spared:], mask))), mask

    def losses(self, *batch: Tensor) -> Iterator[Loss]:
        truth, old, mask, grid = batch
        restored = self._restored(self.network, old, mask, int(grid))
        with torch.no_grad():
            exact = self._restored(self.network.restorer, old, mask, int(grid))
        yield "restorer", pixel_loss(restored - truth) + AGREE * (restored - exact).square().mean()

    def evaluate(self, network: nn.Module) -> dict[str, float]:
        device = device_of(network)
        clean = held_out_crops(self.set.held_out, 32, 160, device)
        rng = Generator(device).manual_seed(1)
        ones = torch.ones(32, device=device)
        severity = severities(32, rng, clean_share=0)
        truth, old, mask = self._old(clean, ones * 0.5, severity, 16, rng)
        assert isinstance(network, FakeQuantized)
        restored = self._restored(network, old, mask).clamp(0, 1)
        exact = self._restored(network.restorer, old, mask).clamp(0, 1)
        kept, toned, _ = self._old(clean, ones * 0, synthesis.scaled(severity, ones * 0), 0, rng)
        return {
            "old_in": mean_psnr(old - truth),
            "old_out": mean_psnr(restored - truth),
            "old_out_float": mean_psnr(exact - truth),
            "int8_to_float": mean_psnr(restored - exact),
            "clean_out": mean_psnr(network(toned).clamp(0, 1) - kept),
        }

    @torch.no_grad()
    def watch(self, batches: int, seed: int = 0) -> None:
        """Let the network find its ranges on so many batches, as training sees them."""
        seen: list[tuple[Any, ...]] = []
        for step in range(batches):
            rng = Generator(device_of(self.network)).manual_seed(seed + step)
            crops = tuple(crop.to(rng.device) for crop in self.photos(Generator().manual_seed(seed + step)))
            _, old, mask, grid = self.batch(step, crops, rng)
            spared = len(old) - len(mask)
            seen += [(old[:spared],), (old[spared:], mask, int(grid))]
        self.network.watch(seen)

    def _restored(self, network: nn.Module, old: Tensor, mask: Tensor, grid: int = 16) -> Tensor:
        spared = len(old) - len(mask)
        return torch.cat((network(old[:spared]), network(old[spared:], mask, grid)))
