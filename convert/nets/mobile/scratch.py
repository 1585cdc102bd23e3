"""The scratch detector: where is the photo damaged rather than merely noisy?"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from convert.nets.mobile.blocks import CELL_PIXELS, ResidualBlock, smooth_phases_


class ScratchDetector(nn.Module):
    """Photo cells ``(B, 48, h, w)`` in 0..1 to damage probabilities ``(B, 16, h, w)``, one a pixel.

    The paper's detector is a UNet of 38 M parameters on a photo of 256 pixels; this one is a plain
    stack on the cell grid. Halo: ``2 + 2 * blocks`` cells.
    """

    def __init__(self, width: int = 40, blocks: int = 4) -> None:
        super().__init__()
        self.enter = nn.Conv2d(3 * CELL_PIXELS, width, 3, padding=1)
        self.blocks = nn.Sequential(*(ResidualBlock(width) for _ in range(blocks)))
        self.leave = nn.Conv2d(width, CELL_PIXELS, 3, padding=1)
        smooth_phases_(self.leave, colours=1)
        self.halo = 2 + ResidualBlock.halo * blocks

    def logits(self, cells: Tensor) -> Tensor:
        """Before the sigmoid, for a loss that is stable."""
        out: Tensor = self.leave(self.blocks(F.relu(self.enter(cells))))
        return out

    def forward(self, cells: Tensor) -> Tensor:
        return torch.sigmoid(self.logits(cells))
