"""Blocks that the published VAEs and mappings share.

Every norm is an instance norm without weights: it takes the mean and variance of the whole photo.
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn


class ResidualBlock(nn.Module):
    """``x`` plus two reflected 3x3 convolutions with instance norms; no activation after the sum."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv_block = nn.Sequential(
            nn.ReflectionPad2d(1),
            nn.Conv2d(width, width, 3),
            nn.InstanceNorm2d(width),
            nn.ReLU(),
            nn.ReflectionPad2d(1),
            nn.Conv2d(width, width, 3),
            nn.InstanceNorm2d(width),
        )

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.conv_block(x)
        return out


def residual_blocks(width: int, count: int) -> list[nn.Module]:
    """``count`` residual blocks."""
    return [ResidualBlock(width) for _ in range(count)]


def normalised(convolution: nn.Module, width: int) -> list[nn.Module]:
    """A convolution to ``width`` channels, instance norm and ReLU."""
    return [convolution, nn.InstanceNorm2d(width), nn.ReLU()]


def widening(latent: int, width: int) -> list[int]:
    """The mappings' channels from a latent's up to ``width``: they double, four times at most."""
    return [min(latent << doublings, width) if doublings else latent for doublings in range(5)]


def rise(latent: int, width: int) -> list[nn.Module]:
    """From a latent to the mapping's width: four zero-padded 3x3 convolutions with norms."""
    steps = pairwise(widening(latent, width))
    return [layer for c, d in steps for layer in normalised(nn.Conv2d(c, d, 3, padding=1), d)]


def descent(latent: int, width: int) -> list[nn.Module]:
    """From the mapping's width back to a latent: four 3x3 convolutions, norms after all but the last."""
    *steps, (c, d) = pairwise(reversed(widening(latent, width)))
    layers = [layer for a, b in steps for layer in normalised(nn.Conv2d(a, b, 3, padding=1), b)]
    return [*layers, nn.Conv2d(c, d, 3, padding=1)]
