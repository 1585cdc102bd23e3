"""Joint fine-tuning of the mobile chain: the restore path behind the tone network and the detector."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from convert.mobile.nets import DamageDetector, ToneNet
from convert.mobile.nets.tone import THUMBNAIL, apply_curves
from convert.oldphotos import damage, synthesis
from convert.oldphotos.damage import Overlays
from convert.oldphotos.fill import push_pull, widened
from convert.oldphotos.photosets import PhotoSet, scaled_crops, some_gray
from convert.oldphotos.severity import Severity
from edge.bundle.manifest import Detection
from edge.restore.damage.detector import damage_mask
from quantize.int8.fake_quant import FakeQuantized
from quantize.tasks.common import (
    SHARP_SCANS,
    SHOWN,
    device_of,
    held_out_crops,
    mean_psnr,
    psnr_loss,
    rand,
    random_grid,
    severities,
)
from quantize.tasks.detector import scratch_logits
from quantize.tasks.restore import CROP_OF
from quantize.training.task import Loss

AGREE = 20.0
"""Weight of the squared difference between INT8 results and those of the float network as it came."""

EXACT_SHARE = 0.5
"""Of the scratched crops, so many come with the exact mask."""


class ChainTask:
    """Trains the restore path in fake INT8 on the outputs of the tone network and the detector.

    ``rule`` is the runtime's detection rule.
    """

    def __init__(
        self,
        network: FakeQuantized,
        tone: ToneNet,
        detector: DamageDetector,
        photos: PhotoSet,
        rule: Detection,
        count: int = 8,
        side: int = 128,
        overlays: Overlays | None = None,
    ) -> None:
        self.network, self.overlays = network, overlays
        # INT8 is to agree with the network as it came: held to itself, it would drift without end.
        exact = copy.deepcopy(network.restorer)
        self.tone, self.detector, self.exact = (
            n.eval().requires_grad_(False) for n in (tone, detector, exact)
        )
        self.set, self.rule, self.count, self.side = photos, rule, count, side

    @property
    def networks(self) -> dict[str, nn.Module]:
        return {"restorer": self.network}

    def photos(self, rng: Generator) -> tuple[Tensor, ...]:
        return (scaled_crops(self.set.train, self.count, self.side, rng),)

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
        size = clean.shape[2], clean.shape[3]
        layers = damage.draw(size, struck, rng, self.overlays, CROP_OF).to(clean.device)
        scan = synthesis.scan(faded, severity, rng, layers, sharp=SHARP_SCANS)
        # What the detector overlooks teaches the network to distrust every mask, hence some exact ones.
        exact = rand(rng, damaged, 1, 1, 1) < EXACT_SHARE
        seen = scan.picture[spared:]
        mask = torch.where(exact, widened(scan.mask[spared:]), self._found(seen))
        filled = torch.cat((scan.picture[:spared], push_pull(seen, mask)))
        curves = self.tone(F.interpolate(filled, (THUMBNAIL, THUMBNAIL), mode="area"))
        return apply_curves(faded, curves), apply_curves(filled, curves), mask

    def _found(self, pictures: Tensor) -> Tensor:
        """The masks ``(B, 1, H, W)`` that the runtime would make, of crops without faces."""
        levels = (scratch_logits(self.detector, pictures).sigmoid() * 256).clamp(max=255).byte()
        rows = zip(levels[:, 0].cpu().numpy(), pictures.permute(0, 2, 3, 1).cpu(), strict=True)
        masks = [
            damage_mask(found, (seen * 255).round().byte().numpy(), tuple, self.rule)
            for found, seen in rows
        ]
        stacked = torch.from_numpy(np.array(masks, np.float32).reshape(len(masks), *pictures.shape[2:]))
        return stacked[:, None].to(pictures.device)

    def losses(self, *batch: Tensor) -> Iterator[Loss]:
        truth, old, mask, grid = batch
        restored = self._restored(self.network, old, mask, int(grid))
        with torch.no_grad():
            exact = self._restored(self.exact, old, mask, int(grid))
        yield "restorer", psnr_loss(restored - truth) + AGREE * (restored - exact).square().mean()

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

    def pictures(self, network: nn.Module) -> dict[str, Tensor]:
        device = device_of(network)
        clean = held_out_crops(self.set.held_out, SHOWN, 160, device)
        rng = Generator(device).manual_seed(1)
        amount = torch.full((SHOWN,), 0.5, device=device)
        severity = severities(SHOWN, rng, clean_share=0)
        truth, old, mask = self._old(clean, amount, severity, SHOWN // 2, rng)
        restored = self._restored(network, old, mask)
        return {"old photo, toned and filled": old, "restored": restored, "clean": truth}

    @torch.no_grad()
    def watch(self, batches: int, seed: int = 0) -> None:
        """Find the network's ranges on so many training batches."""
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
