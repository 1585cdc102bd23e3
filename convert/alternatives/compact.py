"""The network of Real-ESRGAN's small models (SRVGGNetCompact), and applying it in tiles.

Source: Wang et al., "Real-ESRGAN", 2021, and the model ``realesr-general-x4v3`` of its repository: 64
features, 32 convolutions, PReLU, 4 times as large.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

FEATURES, CONVOLUTIONS, SCALE = 64, 32, 4
HALO = CONVOLUTIONS + 2
"""Pixels that the 34 convolutions of 3x3 look beyond a pixel."""
TILE = 512
"""Side of a tile in pixels without its halo: the process peaks at 541 MB for a photo of a megapixel."""


class CompactNetwork(nn.Module):
    """RGB ``(N, 3, h, w)`` in 0..1 to RGB ``(N, 3, 4h, 4w)``, of about that range."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(3, FEATURES, 3, padding=1), nn.PReLU(FEATURES)]
        for _ in range(CONVOLUTIONS):
            layers += [nn.Conv2d(FEATURES, FEATURES, 3, padding=1), nn.PReLU(FEATURES)]
        layers.append(nn.Conv2d(FEATURES, 3 * SCALE**2, 3, padding=1))
        self.body = nn.Sequential(*layers)

    def forward(self, picture: Tensor) -> Tensor:
        """The enlarged picture: the nearest pixel, and what the network adds to it."""
        residual = F.pixel_shuffle(self.body(picture), SCALE)
        return residual + F.interpolate(picture, scale_factor=SCALE, mode="nearest")


@torch.inference_mode()
def enlarged_and_shrunk(
    network: nn.Module, pixels: NDArray[np.uint8], tile: int = TILE
) -> NDArray[np.uint8]:
    """The picture ``(h, w, 3)`` enlarged by the network, and each 4x4 pixels averaged to one again.

    Each tile is computed with a halo as wide as the network looks, so the result is that of the whole
    picture, and memory beyond the picture depends on ``tile`` alone.
    """
    height, width = pixels.shape[:2]
    result = np.empty_like(pixels)
    for top in range(0, height, tile):
        for left in range(0, width, tile):
            rows, inner_rows = _with_halo(top, tile, height)
            columns, inner_columns = _with_halo(left, tile, width)
            window = torch.from_numpy(pixels[rows, columns].copy()).permute(2, 0, 1)[None] / 255
            small = F.avg_pool2d(network(window).clamp(0, 1), SCALE)[0].permute(1, 2, 0)
            inner = (small[inner_rows, inner_columns] * 255).round().to(torch.uint8)
            result[top : top + tile, left : left + tile] = inner.numpy()
    return result


def _with_halo(start: int, tile: int, length: int) -> tuple[slice, slice]:
    """A tile with its halo as far as there are pixels; and where in that the tile lies."""
    first, last = max(0, start - HALO), min(length, start + tile + HALO)
    return slice(first, last), slice(start - first, min(length, start + tile) - first)
