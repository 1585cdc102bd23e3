"""The damage detector: where is the photo cracked, torn, scratched or stained rather than merely noisy?"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from convert.mobile.nets.blocks import CELL_PIXELS, ResidualBlock, smooth_phases_
from edge.integers import ceil_div

PIXEL_GAIN = 4.0
"""What the centred photo is multiplied by: from plain 0..1 the network learnt nothing in 600 steps."""

RARE = -2.0
"""The logit everywhere at the start: most pixels are undamaged."""


class Relu(nn.Module):
    """A ReLU with a path of its own: a convolution or sum is stored in INT8 after its ReLU."""

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x)


class DamageDetector(nn.Module):
    """Photo cells ``(B, 48, h, w)``, less `MIDDLE` and times `PIXEL_GAIN`, to damage probabilities
    ``(B, 16, h, w)``, one a pixel; h and w are multiples of `step`.

    A U-shaped network on the cell grid: scales of 1/4 to 1/32 of the photo tell a crack across a face from
    its outline. The paper's detector is a UNet of 38 M parameters on a photo of 256 pixels. Down by 2x2
    convolutions, up by nearest neighbours and sums, which every delegate runs.
    """

    def __init__(
        self, widths: Sequence[int] = (48, 64, 128, 192), blocks: Sequence[int] = (1, 1, 1, 1)
    ) -> None:
        super().__init__()
        # INT8 recipes name a place by the last part of its path: each needs a name of its own.
        self.enter = nn.Conv2d(3 * CELL_PIXELS, widths[0], 3, padding=1)
        self.looks = nn.ModuleDict(
            {
                f"look{scale}_{index}": ResidualBlock(width)
                for scale, (width, count) in enumerate(zip(widths, blocks, strict=True))
                for index in range(count)
            }
        )
        steps = list(enumerate(pairwise(widths)))
        places = ["entered", *(name.replace("look", "looked") for name in self.looks)]
        places += [f"{done}{i}" for i, _ in steps for done in ("halved", "met", "merged")]
        self.relus = nn.ModuleDict({place: Relu() for place in places})
        self.halves = nn.ModuleDict({f"half{i}": nn.Conv2d(*pair, 2, stride=2) for i, pair in steps})
        self.rises = nn.ModuleDict({f"rise{i}": nn.Conv2d(*pair[::-1], 1) for i, pair in steps})
        self.merges = nn.ModuleDict({f"merge{i}": ResidualBlock(pair[0]) for i, pair in steps})
        self.leave = nn.Conv2d(widths[0], CELL_PIXELS, 3, padding=1)
        smooth_phases_(self.leave, colours=1)
        nn.init.constant_(self.leave.bias, RARE)  # type: ignore[arg-type]
        self.counts = tuple(blocks)
        self.step = 1 << len(steps)
        """Cells: the coarsest scale's grid, on which tiles must lie."""
        self.halo = self._halo()

    def _halo(self) -> int:
        """How far an output cell can see, in cells, rounded up to whole steps."""
        reach = 1 + sum(ResidualBlock.halo * count * 2**scale for scale, count in enumerate(self.counts))
        for scale in range(len(self.merges)):
            # A half's 2x2 convolution and the nearest neighbour reach one finer cell further.
            reach += (ResidualBlock.halo + 1) * 2**scale
        return ceil_div(reach + 1, self.step) * self.step

    def logits(self, cells: Tensor) -> Tensor:
        """Before the sigmoid, for a loss that is stable."""
        relus, seen = self.relus, []
        x = relus["entered"](self.enter(cells))
        for scale, count in enumerate(self.counts):
            if scale:
                seen.append(x)
                x = relus[f"halved{scale - 1}"](self.halves[f"half{scale - 1}"](x))
            for index in range(count):
                x = relus[f"looked{scale}_{index}"](self.looks[f"look{scale}_{index}"](x))
        for scale in reversed(range(len(seen))):
            risen = F.interpolate(self.rises[f"rise{scale}"](x), scale_factor=2.0, mode="nearest")
            met = relus[f"met{scale}"](risen + seen[scale])
            x = relus[f"merged{scale}"](self.merges[f"merge{scale}"](met))
        out: Tensor = self.leave(x)
        return out

    def forward(self, cells: Tensor) -> Tensor:
        return torch.sigmoid(self.logits(cells))
