"""The mobile restore path: supervised restoration of synthesised old photos."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from convert.nets.mobile import MobileRestorer
from quantize import synthesis
from quantize.photosets import PhotoSet, random_crops, some_gray
from quantize.tasks.common import (
    device_of,
    held_out_crops,
    mean_psnr,
    pixel_loss,
    rand,
    random_grid,
    severities,
)
from quantize.trainer import Loss

EASY_STEPS = 2000
"""The first steps see heavy grain on every crop. Begun on the whole mixture, training stays near the
identity: 3,000 steps gained 0.4 dB on aged photos, where 450 steps of grain and 150 of mixture gained
0.9."""


class RestoreTask:
    """A quarter of each batch is scratched, and goes through the global branch."""

    def __init__(
        self,
        network: MobileRestorer,
        photos: PhotoSet,
        count: int = 8,
        side: int = 128,
        easy_steps: int = EASY_STEPS,
    ) -> None:
        self.network = network
        self.set, self.count, self.side, self.easy_steps = photos, count, side, easy_steps

    @property
    def players(self) -> dict[str, nn.Module]:
        return {"restorer": self.network}

    def photos(self, rng: Generator) -> tuple[Tensor, ...]:
        return (random_crops(self.set.train, self.count, self.side, rng),)

    def batch(self, step: int, photos: tuple[Tensor, ...], rng: Generator) -> tuple[Tensor, ...]:
        clean = some_gray(photos[0], 0.25, rng)
        # Tone is the tone network's business: here input and target share whatever tone they have.
        tone = rand(rng, self.count) * (rand(rng, self.count) < 0.35)
        clean = synthesis.fade(clean, rng, tone * 0.8)
        if step < self.easy_steps:
            aged = synthesis.grain(clean, rand(rng, self.count) * 0.7 + 0.3, rng).clamp(0, 1)
        else:
            aged = synthesis.age(clean, severities(self.count, rng), rng)
        spared = self.count - self.count // 4
        scratched, mask = synthesis.scratch(aged[spared:], rng)
        return clean, aged[:spared], scratched, detected(mask, rng), random_grid(rng)

    def losses(self, *batch: Tensor) -> Iterator[Loss]:
        clean, aged, scratched, mask, grid = batch
        restored = torch.cat((self.network(aged), self.network(scratched, mask, int(grid))))
        yield "restorer", pixel_loss(restored - clean)

    def evaluate(self, network: nn.Module) -> dict[str, float]:
        device = device_of(network)
        rng = Generator(device).manual_seed(1)
        clean = held_out_crops(self.set.held_out, 32, 160, device)
        aged = synthesis.age(clean, torch.ones(32, device=device), rng)
        scratched, mask = synthesis.scratch(aged, rng)
        return {
            "aged_in": mean_psnr(aged - clean),
            "aged_out": mean_psnr(network(aged).clamp(0, 1) - clean),
            "scratched_in": mean_psnr(scratched - clean),
            "scratched_out": mean_psnr(network(scratched, mask).clamp(0, 1) - clean),
            "clean_out": mean_psnr(network(clean).clamp(0, 1) - clean),
        }


def detected(mask: Tensor, rng: Generator) -> Tensor:
    """An exact mask as a detector would return it: wider by a pixel or two, sometimes wrong.

    A third of the masks also covers places that another picture's damage would cover, so that the
    network compares what the mask says with what it sees.
    """
    widen = int(torch.randint(3, (), generator=rng, device=rng.device))
    wider = F.max_pool2d(mask, 2 * widen + 1, stride=1, padding=widen)
    wrong = rand(rng, mask.shape[0], 1, 1, 1) < 0.33
    return torch.maximum(wider, wider.roll(1, 0) * wrong)
