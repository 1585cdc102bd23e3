"""Encoder, mapper and decoder: the restore path of the mobile family.

Source: the paper's chain VAE1 encoder -> T -> VAE2 decoder, on one grid at 1/4 resolution. The decoder
returns a *residual* that the runtime adds to the photo: an undamaged photo then stays undamaged, and
INT8 costs less than when the network has to repaint every pixel.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from convert.mobile.nets.blocks import (
    CELL_PIXELS,
    ResidualBlock,
    smooth_phases_,
    to_cells,
    to_pixels,
)

PIXEL_CHANNELS = 3 * CELL_PIXELS
CONTEXT_SIDE = 16
"""The context grid: the whole photo's undamaged latent, pooled to 16x16 tokens by the runtime."""


class Encoder(nn.Module):
    """Photo cells ``(B, 48, h, w)`` in 0..1 to a latent ``(B, width, h, w)``. Halo: 3 cells."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.enter = nn.Conv2d(PIXEL_CHANNELS, width, 3, padding=1)
        self.block = ResidualBlock(width)
        self.halo = 1 + ResidualBlock.halo

    def forward(self, cells: Tensor) -> Tensor:
        out: Tensor = self.block(F.relu(self.enter(cells)))
        return out


class PartialNonLocal(nn.Module):
    """The global branch: each damaged latent attends to tokens pooled from the undamaged photo.

    The paper's partial non-local block attends to every undamaged latent; here the keys are a fixed
    number of context tokens, so no matrix has both sides growing with the photo.
    """

    def __init__(self, width: int, key_width: int) -> None:
        super().__init__()
        self.query = nn.Conv2d(width, key_width, 1)
        self.key = nn.Linear(width, key_width, bias=False)
        self.value = nn.Linear(width, key_width, bias=False)
        self.answer = nn.Conv2d(key_width, width, 1)
        self.hint = nn.Conv2d(CELL_PIXELS, width, 3, padding=1, bias=False)
        # ReLU6(6 * damaged pixels) is 6 on any cell that has one, else 0: a gate from operations that
        # every delegate fuses. `answer` learns the factor of 1/6.
        gate = torch.full((width, CELL_PIXELS, 1, 1), 6.0)
        self.register_buffer("gate_weight", gate, persistent=False)
        self.gate_weight: Tensor
        self.scale = key_width**-0.5
        with torch.no_grad():
            self.answer.weight.mul_(0.1)

    def forward(self, latent: Tensor, mask: Tensor, context: Tensor) -> Tensor:
        """What to add to ``latent``.

        Shapes: latent ``(B, width, h, w)``; mask ``(B, 16, h, w)``, 1 on damaged pixels; context
        ``(B, tokens, width)``.
        """
        query = self.query(latent).permute(0, 2, 3, 1)
        key = (self.key(context) * self.scale).transpose(1, 2).unsqueeze(1)
        value = self.value(context).unsqueeze(1)
        weights = torch.softmax(query @ key, dim=-1)
        attended = (weights @ value).permute(0, 3, 1, 2)
        gate = F.relu6(F.conv2d(mask, self.gate_weight))
        out: Tensor = self.hint(mask) + gate * self.answer(attended)
        return out


class Mapper(nn.Module):
    """T: a damaged latent to a restored one.

    The local branch alone is the mapper of undamaged photos; with a mask and a context the global
    branch joins in after the first block. Halo: 2 cells a block (the mask's own 3x3 lies within it).
    """

    def __init__(self, width: int, blocks: int, key_width: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(ResidualBlock(width) for _ in range(blocks))
        self.non_local = PartialNonLocal(width, key_width)
        self.halo = ResidualBlock.halo * blocks

    def forward(self, latent: Tensor, mask: Tensor | None = None, context: Tensor | None = None) -> Tensor:
        x: Tensor = self.blocks[0](latent)
        if mask is not None and context is not None:
            x = x + self.non_local(x, mask, context)
        for block in self.blocks[1:]:
            x = block(x)
        return x


class Shrinkage(nn.Module):
    """Noise and texture of each cell, kept or taken away coefficient by coefficient.

    A latent of 64 values can't hold the 48 of a cell's pixels and their surroundings too. So the photo's
    own cells are transformed here (a learnt transform, as a DCT or wavelets would be), and the latent
    decides how much of each coefficient goes, as a Wiener filter does. Every convolution is 1x1: what a
    tile reads beyond its own cells doesn't matter, and may have been restored already. ``cells`` may be of
    several ``pictures`` of one place.
    """

    def __init__(self, width: int, coefficients: int, pictures: int = 1) -> None:
        super().__init__()
        self.gain = nn.Conv2d(width, coefficients, 1)
        self.transform = nn.Conv2d(pictures * PIXEL_CHANNELS, coefficients, 1)
        self.back = nn.Conv2d(coefficients, PIXEL_CHANNELS, 1, bias=False)
        with torch.no_grad():
            # Differences within a cell, whatever its colour: these are small, which INT8 stores finely.
            phases = self.transform.weight.view(coefficients, pictures, CELL_PIXELS, -1)
            phases.sub_(phases.mean(2, keepdim=True)).mul_(4)
            nn.init.zeros_(self.transform.bias)  # type: ignore[arg-type]
            self.gain.weight.mul_(0.3)
            nn.init.constant_(self.gain.bias, 0.5)  # type: ignore[arg-type]
            # At first nothing, which has no grid of 4 pixels.
            nn.init.zeros_(self.back.weight)

    def forward(self, latent: Tensor, cells: Tensor) -> Tensor:
        out: Tensor = self.back(F.relu(self.gain(latent)) * self.transform(cells))
        return out


class Decoder(nn.Module):
    """A restored latent ``(B, width, h, w)`` and the photo's cells ``(B, 48, h, w)`` to residual cells
    ``(B, 48, h, w)``. Halo: 3 cells."""

    def __init__(self, width: int, coefficients: int) -> None:
        super().__init__()
        self.block = ResidualBlock(width)
        self.leave = nn.Conv2d(width, PIXEL_CHANNELS, 3, padding=1)
        self.shrinkage = Shrinkage(width, coefficients)
        smooth_phases_(self.leave, colours=3)
        with torch.no_grad():
            self.leave.weight.mul_(0.1)
        self.halo = 1 + ResidualBlock.halo

    def forward(self, latent: Tensor, cells: Tensor) -> Tensor:
        latent = self.block(latent)
        out: Tensor = self.leave(latent) + self.shrinkage(latent, cells)
        return out


class MobileRestorer(nn.Module):
    """Encoder, mapper and decoder in a row, for training. Widths are free, so that tests use small ones."""

    def __init__(
        self, width: int = 64, blocks: int = 5, key_width: int = 32, coefficients: int = 96
    ) -> None:
        super().__init__()
        self.encoder = Encoder(width)
        self.mapper = Mapper(width, blocks, key_width)
        self.decoder = Decoder(width, coefficients)

    def forward(self, photo: Tensor, mask: Tensor | None = None, grid: int = CONTEXT_SIDE) -> Tensor:
        """Restore ``photo`` ``(B, 3, H, W)`` in 0..1; H and W are multiples of 4.

        ``mask`` ``(B, 1, H, W)`` is 1 on damaged pixels; ``grid`` is the side of the context grid.
        """
        cells = to_cells(photo)
        latent = self.encoder(cells)
        if mask is None:
            mapped = self.mapper(latent)
        else:
            damage = to_cells(mask)
            mapped = self.mapper(latent, damage, pool_context(latent, damage, grid))
        return photo + to_pixels(self.decoder(mapped, cells))


def pool_context(latent: Tensor, mask_cells: Tensor, grid: int) -> Tensor:
    """Mean undamaged latent of each square of a ``grid x grid`` raster: ``(B, grid*grid, width)``.

    A cell counts as undamaged when none of its pixels is masked; a square without any gets the mean of
    the whole photo (zero if nothing is undamaged), so that no token has to be masked out.
    """
    intact = (mask_cells.amax(dim=1, keepdim=True) < 0.5).to(latent.dtype)
    pooled = F.adaptive_avg_pool2d(latent * intact, grid)
    share = F.adaptive_avg_pool2d(intact, grid)
    overall = (latent * intact).sum((2, 3), keepdim=True) / intact.sum((2, 3), keepdim=True).clamp(min=1)
    tokens = torch.where(share > 0, pooled / share.clamp(min=1e-6), overall)
    return tokens.flatten(2).transpose(1, 2)
