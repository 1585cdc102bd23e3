"""The published scratch detector: a UNet of 38 M weights on a gray photo of 256 pixels."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class ScratchUnet(nn.Module):
    """Gray photos ``(B, 1, H, W)`` in -1..1 to logits of damage ``(B, 1, H, W)``.

    H and W are multiples of 16 and at least 32.
    """

    def __init__(self, width: int = 64, depth: int = 4) -> None:
        super().__init__()
        widths = [width << level for level in range(depth + 1)]
        self.first = nn.Sequential(nn.ReflectionPad2d(3), nn.Conv2d(1, width, 7), nn.LeakyReLU(0.2))
        self.down_path = nn.ModuleList(_Block(c, d) for c, d in pairwise(widths))
        self.down_sample = nn.ModuleList(
            nn.Sequential(*_normalised(c, c), BlurPool(c)) for c in widths[:-1]
        )
        self.up_path = nn.ModuleList(_Up(c, d) for c, d in pairwise(reversed(widths)))
        self.last = nn.Sequential(nn.ReflectionPad2d(1), nn.Conv2d(width, 1, 3))

    def forward(self, gray: Tensor) -> Tensor:
        x = self.first(gray)
        skips = []
        for shrink, block in zip(self.down_sample, self.down_path, strict=True):
            skips.append(x)
            x = block(shrink(x))
        for up, skip in zip(self.up_path, reversed(skips), strict=True):
            x = up(x, skip)
        out: Tensor = self.last(x)
        return out


class BlurPool(nn.Module):
    """Every second pixel after a blur with [1, 2, 1] / 4 both ways, against aliasing."""

    def __init__(self, width: int) -> None:
        super().__init__()
        line = torch.tensor([1.0, 2.0, 1.0]) / 4
        self.register_buffer("filt", torch.outer(line, line).repeat(width, 1, 1, 1))
        self.filt: Tensor

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(F.pad(x, (1, 1, 1, 1), mode="reflect"), self.filt, stride=2, groups=len(self.filt))


class _Block(nn.Module):
    def __init__(self, inward: int, width: int) -> None:
        super().__init__()
        self.block = nn.Sequential(*_normalised(inward, width), *_normalised(width, width))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.block(x)
        return out


class _Up(nn.Module):
    def __init__(self, inward: int, width: int) -> None:
        super().__init__()
        self.up = nn.Sequential(
            nn.Upsample(scale_factor=2, mode="bilinear"),
            nn.ReflectionPad2d(1),
            nn.Conv2d(inward, width, 3),
        )
        self.conv_block = _Block(inward, width)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        out: Tensor = self.conv_block(torch.cat([self.up(x), skip], dim=1))
        return out


def _normalised(inward: int, width: int) -> list[nn.Module]:
    return [
        nn.ReflectionPad2d(1),
        nn.Conv2d(inward, width, 3),
        nn.BatchNorm2d(width),
        nn.LeakyReLU(0.2),
    ]
