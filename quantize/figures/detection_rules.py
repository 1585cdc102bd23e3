"""Figures of detection rules on held-out photos: levels are chosen by the whole picture, and so that good
photos lose nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from convert.figures.damage import RegionPsnr, mean_psnr, region_psnr, worst_block
from convert.oldphotos import damage, synthesis
from convert.oldphotos.damage import Overlays
from convert.oldphotos.severity import draw_severity
from edge.bundle.manifest import Detection
from edge.restore.damage.detector import FaceArea, damage_mask
from edge.restore.damage.fill import push_pull
from edge.restore.damage.mask import Damage
from edge.restore.restorer import Restorer

Picture = NDArray[np.uint8]

RULES: tuple[dict[str, int], ...] = tuple(
    {"high": high, "low": low, "thick": thick, "thick_mean": mean, "thick_spread": spread}
    for high, low in ((178, 102), (217, 128), (230, 153), (240, 178), (248, 204), (252, 217), (255, 217))
    for thick, mean, spread in ((40, 178, 20), (24, 217, 20), (24, 245, 64), (24, 255, 0))
)
"""Rules that are tried: every pair of hysteresis levels with every treatment of thick regions."""


@dataclass(frozen=True)
class Seen:
    """An old picture, its clean original, its exact mask, and the detector's probabilities."""

    picture: Picture
    clean: Picture
    truth: NDArray[np.bool_]
    levels: NDArray[np.uint8]
    faces: Sequence[FaceArea]


@dataclass(frozen=True)
class Outcome:
    """Figures of a rule: PSNR in dB of filled pictures, shares 0..1."""

    rule: str
    """High, low, thick, its mean and its spread; or what stands for them."""
    damaged: RegionPsnr
    recall: float
    precision: float
    good_marked: float
    """Mean share of good photos that is marked."""
    good_blocks: float
    """Share of good photos where a block of 8x8 pixels changes by more than `BLOCK_LIMIT` levels."""


BLOCK_LIMIT = 24


def seen(
    restorer: Restorer,
    photos: Sequence[Tensor],
    overlays: Overlays | None,
    progress: Callable[[], None] = lambda: None,
) -> tuple[list[Seen], list[Seen]]:
    """Old photos with damage made of clean ones ``(H, W, 3)`` uint8; and good ones without any, half of
    them the clean ones, half of them as old as those with damage."""
    rng = Generator().manual_seed(1)
    damaged, good = [], []
    for photo in photos:
        clean = photo.permute(2, 0, 1)[None].float() / 255
        layers = damage.draw((photo.shape[0], photo.shape[1]), [True], rng, overlays)
        settings = synthesis.Settings()
        printed = synthesis.toned(clean, rng, settings)
        severity = draw_severity(1, rng, settings.heavy)
        old = synthesis.scan(printed, severity, rng, layers, soft=settings.soft_scan)
        intact = synthesis.scan(printed, severity, rng, soft=settings.soft_scan)
        truth = old.mask[0, 0].numpy() > 0.5
        if truth.any():
            # Held against the print: fading is not the fill's business.
            damaged.append(_seen(restorer, _levels(old.picture), _levels(printed), truth))
        for picture in (photo.numpy(), _levels(intact.picture)):
            good.append(_seen(restorer, picture, picture, np.zeros_like(truth)))
        progress()
    return damaged, good


def outcomes(damaged: Sequence[Seen], good: Sequence[Seen], rule: Detection) -> Iterator[Outcome]:
    """No fill at all, what ``rule`` does, what it does without its second pair of levels, and what each of
    the `RULES` would do in place of the first, without a second."""
    yield _outcome("nothing", damaged, good, None)
    yield _outcome("as shipped", damaged, good, rule)
    alone = msgspec.structs.replace(rule, thin_from=0)
    yield _outcome("without thin", damaged, good, alone)
    for changes in RULES:
        name = "/".join(map(str, changes.values()))
        yield _outcome(name, damaged, good, msgspec.structs.replace(alone, **changes))


def _levels(pictures: Tensor) -> Picture:
    """The only picture ``(1, 3, H, W)`` in 0..1 as ``(H, W, 3)``."""
    levels: Picture = (pictures[0].permute(1, 2, 0) * 255).round().to(torch.uint8).numpy()
    return levels


def _seen(restorer: Restorer, picture: Picture, clean: Picture, truth: NDArray[np.bool_]) -> Seen:
    levels = restorer.damage_probability(picture)
    return Seen(picture, clean, truth, levels, restorer.face_areas(picture))


def _outcome(name: str, damaged: Sequence[Seen], good: Sequence[Seen], rule: Detection | None) -> Outcome:
    rows, hit, marked, true = [], 0, 0, 0
    for each in damaged:
        filled, mask = _filled(each, rule)
        rows.append(region_psnr(filled, each.clean, each.truth))
        hit, marked = hit + int((mask & each.truth).sum()), marked + int(mask.sum())
        true += int(each.truth.sum())
    kept = [(each, *_filled(each, rule)) for each in good]
    return Outcome(
        name,
        mean_psnr(rows),
        hit / max(1, true),
        hit / max(1, marked),
        float(np.mean([mask.mean() for _, _, mask in kept])),
        float(np.mean([worst_block(each.picture, filled) > BLOCK_LIMIT for each, filled, _ in kept])),
    )


def _filled(each: Seen, rule: Detection | None) -> tuple[Picture, NDArray[np.bool_]]:
    if rule is None:
        return each.picture, np.zeros_like(each.truth)
    mask = damage_mask(each.levels, each.picture, lambda: each.faces, rule)
    filled = each.picture.copy()
    push_pull(filled, Damage(mask, 1))
    return filled, mask
