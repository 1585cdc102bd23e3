"""Figures on held-out photos behind the two thresholds that a bundle and the runtime use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Generator, Tensor

from convert.evaluate import area_under_curve
from convert.nets.mobile import ScratchDetector, ToneNet
from convert.nets.mobile.tone import THUMBNAIL, apply_curves
from edge import tone as curves
from quantize import synthesis
from quantize.photosets import PhotoSet, some_gray
from quantize.tasks.common import held_out_crops, mean_psnr, rand, severities
from quantize.tasks.scratch import scratch_logits
from quantize.tasks.tone import shrunk

CPU = torch.device("cpu")
CROPS = 64
"""Crops that the detector is measured on, of 192 pixels: half of them scratched."""


THRESHOLDS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95)


@dataclass(frozen=True)
class Found:
    """What a detector finds at a threshold: shares of pixels, 0..1."""

    threshold: float
    recall: float
    precision: float
    false_on_intact: float
    """Of photos without any scratch."""


@dataclass(frozen=True)
class Toned:
    """What leaving tones alone below a least change does: shares of photos 0..1, PSNR in dB."""

    least_change: float
    good_changed: float
    good_psnr: float
    faded_left: float
    faded_psnr: float


@torch.no_grad()
def detection(network: ScratchDetector, photos: PhotoSet) -> tuple[float, Iterator[Found]]:
    """Area under the ROC curve on scratched photos, and what each threshold finds."""
    rng = Generator().manual_seed(1)
    clean = some_gray(held_out_crops(photos.held_out, CROPS, 192, CPU), 0.4, rng)
    aged = synthesis.age(clean, severities(CROPS, rng), rng)
    half = CROPS // 2
    scratched, mask = synthesis.scratch(aged[:half], rng)
    found = _probability(network, scratched, rng)
    intact = _probability(network, aged[half:], rng)
    target = mask > 0.5

    def at(threshold: float) -> Found:
        above = found >= threshold
        hits = float((above & target).sum())
        return Found(
            threshold,
            hits / float(target.sum()),
            hits / max(1.0, float(above.sum())),
            float((intact >= threshold).float().mean()),
        )

    area = area_under_curve(found.flatten().numpy(), target.flatten().numpy())
    return area, map(at, THRESHOLDS)


def _probability(network: ScratchDetector, photos: Tensor, rng: Generator) -> Tensor:
    faded = synthesis.fade(photos, rng, rand(rng, len(photos)) * 0.5)
    return scratch_logits(network, faded).sigmoid()


@torch.no_grad()
def toning(network: ToneNet, photos: PhotoSet) -> Iterator[Toned]:
    """What happens to good and to faded photos for each least change."""
    clean = shrunk(photos.held_out, THUMBNAIL) / 255
    rng = Generator().manual_seed(1)
    faded = synthesis.fade(clean, rng, torch.ones(len(clean)))
    results = [(apply_curves(seen, network(seen)), seen) for seen in (clean, faded)]
    changes = [
        np.array(
            [
                curves.change(curves.curves(steps.numpy()), _pixels(picture))
                for steps, picture in zip(network(seen), seen, strict=True)
            ]
        )
        for _, seen in results
    ]
    for least in (0.0, 0.02, 0.03, 0.045, 0.06, 0.08):
        changed = [torch.from_numpy(change >= least) for change in changes]
        good, mended = (
            torch.where(which[:, None, None, None], after, before)
            for which, (after, before) in zip(changed, results, strict=True)
        )
        yield Toned(
            least,
            float(changed[0].float().mean()),
            mean_psnr(good - clean),
            1 - float(changed[1].float().mean()),
            mean_psnr(mended - clean),
        )


def _pixels(picture: Tensor) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    levels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
    levels = (picture.permute(1, 2, 0) * 255).round().to(torch.uint8).numpy()
    return levels
