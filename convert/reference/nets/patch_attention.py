"""T with patch attention, for photos in high resolution: damaged patches are replaced by intact ones."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from convert.reference.nets.blocks import ResidualBlock, descent, residual_blocks, rise

MAX_WEIGHTS = 1 << 24
"""Likenesses of patches that exist at once: 64 MiB."""

MAX_DAMAGE = 0.6
"""A patch counts as damaged if more than this share of its latents is."""


def damaged_cells(mask: Tensor, size: tuple[int, int]) -> Tensor:
    """Which latents of ``size`` are damaged: ``(B, 1, H, W)`` to ``(B, 1, h, w)`` of 0 and 1.

    As published: of a cell's sixteen pixels, the four in its middle count.
    """
    resized = F.interpolate(mask, size, mode="bilinear", align_corners=False)
    return (resized > 0).to(mask.dtype)


def compose(x: Tensor, damaged: Tensor, side: int, max_weights: int = MAX_WEIGHTS) -> Tensor:
    """Replace each damaged patch of ``x`` by the intact one that is most like it (cosine).

    Shapes: x ``(B, C, h, w)``, damaged ``(B, 1, h, w)``. Patches of ``side`` x ``side`` latents don't
    overlap. Cells at the right and lower border that fill no patch become 0, as published. Without an
    intact patch ``x`` stays as it is (the published code fails).
    """
    batch, channels, height, width = x.shape
    rows, columns = height // side, width // side
    x, damaged = (plane[:, :, : rows * side, : columns * side] for plane in (x, damaged))
    split = (rows, side, columns, side)
    patches = x.reshape(batch, channels, *split).permute(0, 2, 4, 1, 3, 5).flatten(1, 2).flatten(2)
    broken = damaged.reshape(batch, *split).mean((2, 4)).flatten(1) > MAX_DAMAGE
    # Only the norm of the candidates decides which of them is most like a given patch.
    scale = patches.norm(dim=2).clamp(min=1e-12).reciprocal().masked_fill(broken, 0)
    lowest = torch.finfo(x.dtype).min
    chosen = []
    for part in torch.split(patches, max(1, max_weights // (rows * columns)), dim=1):
        likeness = (part @ patches.transpose(1, 2)) * scale.unsqueeze(1)
        chosen.append(likeness.masked_fill(broken.unsqueeze(1), lowest).argmax(dim=2))
    index = torch.cat(chosen, dim=1)
    index = torch.where(broken, index, torch.arange(rows * columns, device=x.device))
    index = torch.where(
        broken.all(dim=1, keepdim=True), torch.arange(rows * columns, device=x.device), index
    )
    patches = patches.gather(1, index.unsqueeze(2).expand_as(patches))
    grid = patches.reshape(batch, rows, columns, channels, side, side).permute(0, 3, 1, 4, 2, 5)
    composed = grid.reshape(batch, channels, rows * side, columns * side)
    return F.pad(composed, (0, width - columns * side, 0, height - rows * side))


class PatchAttention(nn.Module):
    """One scale of patch attention: ``(B, width, h, w)`` and damaged cells ``(B, 1, h, w)``."""

    def __init__(self, width: int, side: int) -> None:
        super().__init__()
        self.side = side
        self.F_Combine = nn.Conv2d(2 * width + 1, width, 3, padding=1)
        self.res_block = nn.Sequential(ResidualBlock(width))

    def forward(self, x: Tensor, damaged: Tensor) -> Tensor:
        composed = compose(self.res_block(x), damaged, self.side)
        out: Tensor = self.F_Combine(torch.cat([x, composed, damaged], dim=1))
        return out


class PatchMapping(nn.Module):
    """T of the high-resolution release: latents and a mask of the photo's size to latents.

    The published code needs latents whose sides are multiples of 8; see :func:`compose`.
    """

    def __init__(self, latent: int = 64, width: int = 512) -> None:
        super().__init__()
        self.before_NL = nn.Sequential(*rise(latent, width), *residual_blocks(width, 2))
        self.NL_scale_1 = PatchAttention(width, 8)
        self.res_block_1 = nn.Sequential(*residual_blocks(width, 2))
        self.NL_scale_2 = PatchAttention(width, 4)
        self.res_block_2 = nn.Sequential(*residual_blocks(width, 2))
        self.NL_scale_3 = PatchAttention(width, 2)
        self.after_NL = nn.Sequential(*residual_blocks(width, 2), *descent(latent, width))

    def forward(self, latent: Tensor, mask: Tensor) -> Tensor:
        x = self.before_NL(latent)
        damaged = damaged_cells(mask, (x.shape[2], x.shape[3]))
        x = self.res_block_1(self.NL_scale_1(x, damaged))
        x = self.res_block_2(self.NL_scale_2(x, damaged))
        out: Tensor = self.after_NL(self.NL_scale_3(x, damaged))
        return out
