"""Damage detection, for the mobile detector and for the published UNet."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from convert.figures.pairs import area_under_curve
from convert.mobile.nets import DamageDetector
from convert.mobile.nets.blocks import to_cells, to_pixels
from convert.oldphotos import damage, synthesis
from convert.oldphotos.damage import Layers, Overlays
from convert.oldphotos.damage.drawing import numbers_of
from convert.oldphotos.labelled import DAMAGED, INTACT
from convert.oldphotos.photosets import PhotoSet, luminance, scaled_crops
from convert.oldphotos.severity import draw_severity
from convert.oldphotos.synthesis import VISIBLE, Scan
from convert.reference.nets import ScratchUnet
from quantize.tasks.common import SHOWN, add_decoys_, device_of, rand
from quantize.training.task import Loss

EASY_STEPS = 300
"""In the first steps grain and blur grow from none to all: else the detector learns nothing for long."""

UNDAMAGED, DECOYS = 0.4, 0.3
"""Of the crops, so many are undamaged, and so many, damaged or not, have wires, text and the like."""

ENLARGED = 1 / 6
"""Of the crops, so many are enlarged when they are old: a large scan of small damage."""

STRIDES = 37, 61
"""Pixels down and across between the parts of crops that are enlarged at successive steps."""

REAL, AGED_FURTHER = 0.25, 0.5
"""Of the crops, so many are real old photos if there are any, aged by up to so much of what the others are.
What synthesis lacks is in them: rails, branches, straps and machines as plates of their time show them."""

LABELLED = 1 / 12
"""Of the crops, so many are of real damage with labels, if there are any."""

CROP_OF = 2.5
"""A crop's damage is that of a picture up to so many times as large: torn corners are larger than crops."""

FAINT, STRONG, FULL = 1.0, 2.0, 0.4
"""Weights in the loss of damage that can just be seen and of damage that changes a pixel by `FULL` or more:
what a photo gains by a fill goes by the square of the change."""

MIRRORED = 48
"""Pixels of a strip beyond a photo's border."""


class DetectorTask:
    """Detection of damage on old photos, by cross-entropy and overlap."""

    def __init__(
        self,
        network: DamageDetector | ScratchUnet,
        photos: PhotoSet,
        count: int = 8,
        side: int = 192,
        easy_steps: int = EASY_STEPS,
        overlays: Overlays | None = None,
        old: PhotoSet | None = None,
        labelled: tuple[Tensor, ...] = (),
    ) -> None:
        """``old`` are real old photos without damage, ``labelled`` damaged ones with their labels
        (`convert.oldphotos.labelled`)."""
        self.network, self.overlays, self.old, self.labelled = network, overlays, old, labelled
        self.set, self.count, self.side, self.easy_steps = photos, count, side, easy_steps
        self.real = 0 if old is None else max(1, round(REAL * count))
        self.labelled_count = max(1, round(LABELLED * count)) if labelled else 0

    @property
    def networks(self) -> dict[str, nn.Module]:
        return {"detector": self.network}

    def photos(self, rng: Generator) -> tuple[Tensor, ...]:
        count = self.count - self.real - self.labelled_count
        crops: tuple[Tensor, ...] = drawn(self.set.train, count, self.side, rng, self.overlays, DECOYS)
        if self.old is not None:
            # Without decoys, and the last of the batch.
            old = drawn(self.old.train, self.real, self.side, rng, self.overlays, decoys=0)
            crops = tuple(torch.cat(both) for both in zip(crops, old, strict=True))
        if self.labelled:
            crops += (scaled_crops(self.labelled, self.labelled_count, self.side, rng),)
        return crops

    def batch(self, step: int, photos: tuple[Tensor, ...], rng: Generator) -> tuple[Tensor, ...]:
        ease = max(0.0, 1 - step / self.easy_steps) if self.easy_steps else 0.0
        # Spread over the steps, so that no number has to come back from the device.
        large = int((step + 1) * self.count * ENLARGED) - int(step * self.count * ENLARGED)
        new = self.count - self.real - self.labelled_count
        parts = []
        for factor, part in ((1, slice(large, new)), (2 << step % 2, slice(0, large))):
            size = self.side // factor
            # Another place at each step, torn corners of all sides among them.
            top, left = (step * stride % (self.side - size + 1) for stride in STRIDES)
            crops, covers = (each[part, :, top : top + size, left : left + size] for each in photos[:2])
            if len(crops):
                layers = Layers(covers, photos[2][part])
                parts.append(enlarged(synthesis.old_photo(crops, layers, rng, ease=ease), self.side))
        if self.real:
            crops, covers, paints = (each[new:] for each in photos[:3])
            parts.append(_damaged(crops, Layers(covers, paints), rng))
        if self.labelled_count:
            aged = _damaged(photos[3][:, :3], None, rng)
            parts.append(Scan(aged.picture, change_of_labels(photos[3][:, 3:])))
        whole = Scan(
            torch.cat([part.picture for part in parts]), torch.cat([part.change for part in parts])
        )
        seen = mirrored(whole, step)
        return seen.picture, seen.change

    def losses(self, *batch: Tensor) -> Iterator[Loss]:
        scan = Scan(*batch)
        logits, target = scratch_logits(self.network, scan.picture).float(), scan.mask
        weight = weights(scan)
        found = logits.sigmoid() * (weight > 0)
        overlap = 1 - (2 * (found * target).sum() + 1) / (found.sum() + target.sum() + 1)
        yield "detector", F.binary_cross_entropy_with_logits(logits, target, weight) + 0.2 * overlap

    def evaluate(self, network: nn.Module) -> dict[str, float]:
        seen = self._held_out(48, device_of(network))
        found = scratch_logits(network, seen.picture).sigmoid()
        target = seen.mask > 0.5
        hit = (found > 0.5) & target
        intact = found[~target.flatten(1).any(1)]
        return {
            "auc": area_under_curve(found.flatten().cpu().numpy(), target.flatten().cpu().numpy()),
            "precision": float(hit.sum() / (found > 0.5).sum().clamp(min=1)),
            "recall": float(hit.sum() / target.sum().clamp(min=1)),
            "false_on_intact": float((intact > 0.5).float().mean()),
        }

    def pictures(self, network: nn.Module) -> dict[str, Tensor]:
        seen = self._held_out(SHOWN, device_of(network))
        found = scratch_logits(network, seen.picture).sigmoid()
        return {"old photo": seen.picture, "found": found, "damage": seen.mask}

    def _held_out(self, count: int, device: torch.device) -> Scan:
        """The same old photos at every call."""
        rng = Generator().manual_seed(0)
        crops = drawn(self.set.held_out, count, 192, rng, self.overlays, DECOYS)
        clean, covers, paints = (each.to(device) for each in crops)
        return synthesis.old_photo(clean, Layers(covers, paints), Generator(device).manual_seed(1))


def weights(scan: Scan) -> Tensor:
    """What each pixel counts ``(B, 1, H, W)``: 1 if intact, else `FAINT` to `STRONG` by the square of the
    change; nothing where nobody can tell."""
    damaged = FAINT + (STRONG - FAINT) * (scan.change / FULL).clamp(max=1).square()
    return torch.where(scan.change >= VISIBLE, damaged, (scan.change >= 0).to(damaged.dtype))


def change_of_labels(labels: Tensor) -> Tensor:
    """What stands for the change of pixels with labels in 0..1: half of `FULL` for damage, 0 for none, and
    less where nobody can tell."""
    unsure = torch.where(labels * 255 > INTACT, -1.0, 0.0)
    return torch.where(labels * 255 >= DAMAGED, FULL / 2, unsure)


def scratch_logits(network: nn.Module, photos: Tensor) -> Tensor:
    """Logits ``(B, 1, H, W)`` of either detector for photos ``(B, 3, H, W)`` in 0..1."""
    if isinstance(network, DamageDetector):
        return to_pixels(network.logits(to_cells(photos)))
    logits: Tensor = network(luminance(photos)[:, :1] * 2 - 1)
    return logits


def drawn(
    photos: tuple[Tensor, ...],
    count: int,
    side: int,
    rng: Generator,
    overlays: Overlays | None,
    decoys: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """Clean crops ``(count, 3, side, side)``, decoys in a share of them, and layers of damage (covers and
    paints) for those that are to be damaged. On the CPU; may run in a worker."""
    crops, numbers = scaled_crops(photos, count, side, rng), numbers_of(rng)
    add_decoys_(crops, decoys, numbers)
    # Dithered: on average exactly the share, whatever the count.
    hurt = numbers.permutation(count) >= int(UNDAMAGED * count + numbers.random())
    layers = damage.draw((side, side), hurt.tolist(), rng, overlays, CROP_OF)
    return crops, layers.covers, layers.paints


def _damaged(crops: Tensor, layers: Layers | None, rng: Generator) -> Scan:
    """Crops of real old photos, damaged by ``layers`` if there are any, and aged a little further."""
    count, settings = len(crops), synthesis.Settings()
    severity = draw_severity(count, rng, settings.heavy)
    less = synthesis.scaled(severity, AGED_FURTHER * rand(rng, count))
    return synthesis.scan(crops, less, rng, layers, settings.gray_scan, settings.soft_scan)


def mirrored(scan: Scan, step: int) -> Scan:
    """A quarter of the scans begin or end with a strip of `MIRRORED` pixels that mirrors the rest, as the
    runtime shows a photo's border: by turns at the left, top, right and bottom."""
    some = len(scan.picture) // 4
    sides = (MIRRORED, 0, 0, 0), (0, 0, MIRRORED, 0), (0, MIRRORED, 0, 0), (0, 0, 0, MIRRORED)
    left, right, top, bottom = sides[step % 4]

    def shifted(each: Tensor) -> Tensor:
        height, width = each.shape[2:]
        wide = F.pad(each[:some], (left, right, top, bottom), mode="reflect")
        part = wide[:, :, bottom : bottom + height, right : right + width]
        return torch.cat([part, each[some:]])

    return Scan(shifted(scan.picture), shifted(scan.change))


def enlarged(scan: Scan, side: int) -> Scan:
    """A scan of ``side`` pixels, whatever it was."""
    if scan.picture.shape[2] == side:
        return scan
    picture = F.interpolate(scan.picture, (side, side), mode="bicubic", align_corners=False).clamp(0, 1)
    change = F.interpolate(scan.change, (side, side), mode="bilinear", align_corners=False)
    return Scan(picture, change)
