"""What the mobile networks are trained for: the restore path, the scratch detector, the tone curves."""

from __future__ import annotations

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from convert.nets.mobile import MobileRestorer, ScratchDetector, ToneNet
from convert.nets.mobile.blocks import to_cells
from convert.nets.mobile.tone import THUMBNAIL, apply_curves
from quantize import synthesis
from quantize.photosets import PhotoSet, random_crops, some_gray

CLEAN_SHARE = 0.15
"""Of the training crops, so many are undamaged: the network learns to leave them alone."""

GRAIN_ONLY_STEPS = 2000
"""The first steps see heavy grain on every crop. Begun on the whole mixture, training stays near the
identity: 3,000 steps gained 0.4 dB on aged photos, where 450 steps of grain and 150 of mixture gained
0.9."""

FADED_ONLY_STEPS = 1000
EASY_STEPS = 1500
"""For the same reason the tone network's first steps see faded photos only, and the scratch detector's
scratches without heavy noise."""

MARGIN = 8
"""Pixels at a crop's border that no loss looks at: there the network sees padding."""


def _severity(count: int, rng: Generator) -> Tensor:
    severity = torch.rand(count, generator=rng) ** 0.5
    return severity * (torch.rand(count, generator=rng) >= CLEAN_SHARE)


def _pixel_loss(error: Tensor) -> Tensor:
    """Charbonnier, which keeps edges sharp, and squares, which is what PSNR counts."""
    squares = error[..., MARGIN:-MARGIN, MARGIN:-MARGIN].float().square()
    return (squares + 1e-6).sqrt().mean() + 5 * squares.mean()


def _psnr(error: Tensor) -> float:
    mean_square = error.float().square().mean((1, 2, 3)).clamp(min=1e-10)
    return float((-10 * mean_square.log10()).mean())


def _held_out(photos: PhotoSet, count: int, side: int) -> Tensor:
    return random_crops(photos.held_out, count, side, Generator().manual_seed(0))


class RestoreTask:
    """Supervised restoration of synthesised old photos; a quarter of each batch is scratched."""

    def __init__(self, network: MobileRestorer, photos: PhotoSet, count: int = 8, side: int = 128) -> None:
        self.network = network
        self.photos, self.count, self.side = photos, count, side

    def batch(self, step: int, rng: Generator) -> tuple[Tensor, ...]:
        clean = some_gray(random_crops(self.photos.train, self.count, self.side, rng), 0.25, rng)
        # Tone is the tone network's business: here input and target share whatever tone they have.
        tone = torch.rand(self.count, generator=rng) * (torch.rand(self.count, generator=rng) < 0.35)
        clean = synthesis.fade(clean, rng, tone * 0.8)
        if step < GRAIN_ONLY_STEPS:
            aged = synthesis.grain(clean, torch.rand(self.count, generator=rng) * 0.7 + 0.3, rng).clamp(
                0, 1
            )
        else:
            aged = synthesis.age(clean, _severity(self.count, rng), rng)
        spared = self.count - self.count // 4
        scratched, mask = synthesis.scratch(aged[spared:], rng)
        grid = 2 ** torch.randint(2, 5, (), generator=rng)
        return clean, aged[:spared], scratched, detected(mask, rng), grid

    def loss(self, *batch: Tensor) -> Tensor:
        clean, aged, scratched, mask, grid = batch
        restored = torch.cat((self.network(aged), self.network(scratched, mask, int(grid))))
        return _pixel_loss(restored - clean)

    @torch.no_grad()
    def evaluate(self, network: nn.Module) -> dict[str, float]:
        rng = Generator().manual_seed(1)
        clean = _held_out(self.photos, 32, 160)
        aged = synthesis.age(clean, torch.ones(32), rng)
        scratched, mask = synthesis.scratch(aged, rng)
        return {
            "aged_in": _psnr(aged - clean),
            "aged_out": _psnr(network(aged).clamp(0, 1) - clean),
            "scratched_in": _psnr(scratched - clean),
            "scratched_out": _psnr(network(scratched, mask).clamp(0, 1) - clean),
            "clean_out": _psnr(network(clean).clamp(0, 1) - clean),
        }


def detected(mask: Tensor, rng: Generator) -> Tensor:
    """An exact mask as a detector would return it: wider by a pixel or two, sometimes wrong.

    A third of the masks also covers places that another picture's damage would cover, so that the
    network compares what the mask says with what it sees.
    """
    widen = int(torch.randint(3, (), generator=rng))
    wider = F.max_pool2d(mask, 2 * widen + 1, stride=1, padding=widen)
    wrong = torch.rand((mask.shape[0], 1, 1, 1), generator=rng) < 0.33
    return torch.maximum(wider, wider.roll(1, 0) * wrong)


class ScratchTask:
    """Detection of synthesised scratches on aged, faded photos, by cross-entropy and overlap."""

    def __init__(self, network: ScratchDetector, photos: PhotoSet, count: int = 8, side: int = 128) -> None:
        self.network = network
        self.photos, self.count, self.side = photos, count, side

    def batch(self, step: int, rng: Generator) -> tuple[Tensor, ...]:
        clean = some_gray(random_crops(self.photos.train, self.count, self.side, rng), 0.4, rng)
        return _damaged(clean, rng, ease=step < EASY_STEPS)

    def loss(self, *batch: Tensor) -> Tensor:
        seen, mask = batch
        logits = self.network.logits(to_cells(seen)).float()
        target = to_cells(mask)
        found = logits.sigmoid()
        overlap = 1 - (2 * (found * target).sum() + 1) / (found.sum() + target.sum() + 1)
        return F.binary_cross_entropy_with_logits(logits, target) + 0.2 * overlap

    @torch.no_grad()
    def evaluate(self, network: nn.Module) -> dict[str, float]:
        rng = Generator().manual_seed(1)
        seen, mask = _damaged(_held_out(self.photos, 32, 160), rng)
        found = network(to_cells(seen)).flatten()
        target = to_cells(mask).flatten() > 0.5
        order = found.argsort()
        rank = torch.empty_like(order, dtype=torch.float64)
        rank[order] = torch.arange(1, order.numel() + 1, dtype=torch.float64)
        positives, negatives = int(target.sum()), int((~target).sum())
        above = float(rank[target].sum()) - positives * (positives + 1) / 2
        hit = (found > 0.5) & target
        return {
            "auc": above / (positives * negatives),
            "precision": float(hit.sum() / (found > 0.5).sum().clamp(min=1)),
            "recall": float(hit.sum() / positives),
        }


def _damaged(clean: Tensor, rng: Generator, ease: bool = False) -> tuple[Tensor, Tensor]:
    """Aged, scratched and faded crops with their masks; half of them have no scratches.

    Edges of undamaged photos are what a detector takes for scratches first. With ``ease`` there is little
    noise, no fading, and every crop is scratched.
    """
    count = clean.shape[0]
    severity = _severity(count, rng) * (0.3 if ease else 1)
    aged = synthesis.age(clean, severity, rng)
    scratched, mask = synthesis.scratch(aged, rng)
    if ease:
        return scratched, mask
    spared = torch.rand((count, 1, 1, 1), generator=rng) < 0.5
    seen = torch.where(spared, aged, scratched)
    faded = synthesis.fade(seen, rng, torch.rand(count, generator=rng))
    return faded, mask * ~spared


class ToneTask:
    """Curves that undo fading and casts, judged on thumbnails of whole photos."""

    def __init__(self, network: ToneNet, photos: PhotoSet, count: int = 24) -> None:
        self.network = network
        self.train_set = _thumbnails(photos.train)
        self.held_out = _thumbnails(photos.held_out)
        self.count = count

    def batch(self, step: int, rng: Generator) -> tuple[Tensor, ...]:
        chosen = torch.randint(self.train_set.shape[0], (self.count,), generator=rng)
        clean = some_gray(self.train_set[chosen], 0.25, rng)
        amount = torch.rand(self.count, generator=rng)
        if step < FADED_ONLY_STEPS:
            amount = amount * 0.5 + 0.5
        else:
            # Taking a good photo for a faded one is the worse mistake: most of them are good.
            amount = amount * (torch.rand(self.count, generator=rng) < 0.35)
        faded = synthesis.fade(clean, rng, amount)
        noise = torch.randn(faded.shape, generator=rng) * 0.01
        return clean, faded, (faded + noise).clamp(0, 1)

    def loss(self, *batch: Tensor) -> Tensor:
        clean, faded, seen = batch
        # Squares: by absolute error, leaving everything as it is was a minimum that held for 2,500 steps.
        return (apply_curves(faded, self.network(seen).float()) - clean).square().mean()

    @torch.no_grad()
    def evaluate(self, network: nn.Module) -> dict[str, float]:
        rng = Generator().manual_seed(1)
        count = self.held_out.shape[0]
        faded = synthesis.fade(self.held_out, rng, torch.ones(count))
        kept = apply_curves(self.held_out, network(self.held_out)) - self.held_out
        return {
            "faded_in": _psnr(faded - self.held_out),
            "faded_out": _psnr(apply_curves(faded, network(faded)) - self.held_out),
            "clean_out": _psnr(kept),
        }


def _thumbnails(photos: tuple[Tensor, ...]) -> Tensor:
    size = (THUMBNAIL, THUMBNAIL)
    return torch.cat(
        [F.interpolate(photo.permute(2, 0, 1)[None].float() / 255, size, mode="area") for photo in photos]
    )
