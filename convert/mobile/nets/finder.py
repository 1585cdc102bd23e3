"""The face finder: for each cell, the logit of a face's middle and the positions of its five points."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from convert.mobile.nets.blocks import ResidualBlock

FINDER_CELL = 8
"""Pixels along one side of a finder's cell."""

FINDER_CHANNELS = 3 * FINDER_CELL**2
FOUND = 11
"""Output channels: a logit, then x and y of the five points."""

POINT_UNIT = 4.0
"""Unit of the points, in pixels from the middle of the cell: INT8 then stores them and the logit in one
range of about -8..8."""


class FaceFinder(nn.Module):
    """Photo cells of 8x8 pixels ``(B, 192, h, w)`` less `MIDDLE` to ``(B, 11, h, w)``.

    The original looks for faces with dlib. This is a stack of convolutions for faces of 20 to 56 pixels
    in width; the runtime runs it over an image pyramid (`edge.restore.faces.finder`) and merges overlapping
    detections. Halo: two cells a block.
    """

    def __init__(self, width: int = 64, blocks: int = 3) -> None:
        super().__init__()
        self.enter = nn.Conv2d(FINDER_CHANNELS, width, 1)
        self.blocks = nn.Sequential(*(ResidualBlock(width) for _ in range(blocks)))
        self.leave = nn.Conv2d(width, FOUND, 1)
        self.halo = ResidualBlock.halo * blocks
        with torch.no_grad():
            # Hardly any place is the middle of a face.
            self.leave.bias[0] = -4.0  # type: ignore[index]

    def forward(self, cells: Tensor) -> Tensor:
        out: Tensor = self.leave(self.blocks(F.relu(self.enter(cells))))
        return out
