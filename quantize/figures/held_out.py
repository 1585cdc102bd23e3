"""Figures on held-out photos for the least change of tone that the runtime applies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Generator, Tensor

from convert.mobile.nets import ToneNet
from convert.mobile.nets.tone import THUMBNAIL, apply_curves
from convert.oldphotos import synthesis
from convert.oldphotos.photosets import PhotoSet
from edge.restore import tone as curves
from quantize.tasks.common import mean_psnr
from quantize.tasks.tone import shrunk


@dataclass(frozen=True)
class Toned:
    """What leaving tones alone below a least change does: shares of photos 0..1, PSNR in dB."""

    min_change: float
    good_changed: float
    good_psnr: float
    faded_left: float
    faded_psnr: float


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
