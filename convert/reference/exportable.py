"""The published networks in operations that convert, at a fixed tile.

Equal to the networks of `convert.reference.nets` on the same tile. What differs is how it is computed:
instance norms whose sums float16 can hold (those over a plane overflow 65504), attention as a plain
softmax over the undamaged cells, masks by slices instead of resizes.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from convert.reference.nets.mapping import PartialNonLocal, ScratchMapping
from convert.reference.nets.patch_attention import MAX_DAMAGE, PatchAttention, PatchMapping

MIN_PEAK = 1e-3
"""Planes flatter than this are scaled no further."""

MIN_LENGTH = 1e-6
"""Added to squared lengths of patches whose largest value is 1, so that flat ones divide by something."""

SHARPNESS = 1e4
"""A patch that is behind the best by a thousandth of its length counts for e^-10 of it."""

MAX_QUERIES = 4096
"""Cells that attend at a time: the matrix of a 512-pixel tile takes 256 MiB so, not 1 GiB."""

HIDDEN = 1e4
"""What is taken off the scores of damaged cells: their weights are 0 in float16 and float32."""


class SafeInstanceNorm(nn.Module):
    """Instance norm without affine weights, ``(B, C, H, W)``, in steps that float16 can hold.

    Means are taken row by row, then over rows. Deviations are scaled by their peak before they are squared,
    which cancels out.
    """

    def __init__(self, eps: float) -> None:
        super().__init__()
        self.root_eps = eps**0.5

    def forward(self, x: Tensor) -> Tensor:
        centred = x - x.mean(3, keepdim=True).mean(2, keepdim=True)
        peak = centred.abs().amax((2, 3), keepdim=True).clamp(min=MIN_PEAK)
        scaled = centred / peak
        variance = (scaled * scaled).mean(3, keepdim=True).mean(2, keepdim=True)
        floor = self.root_eps / peak
        return scaled * torch.rsqrt(variance + floor * floor)


class DenseNonLocal(nn.Module):
    """`PartialNonLocal` by matrices of ``(B, MAX_QUERIES, h*w)``: for tiles only.

    As published, where nothing is undamaged nothing is attended to. The published renormalisation
    gives less where the undamaged cells' weights come to under 1e-12; here they always sum up to 1.
    """

    def __init__(self, block: PartialNonLocal) -> None:
        super().__init__()
        self.g, self.W, self.theta, self.phi = block.g, block.W, block.theta, block.phi
        self.res_block = block.res_block

    def forward(self, x: Tensor, valid: Tensor) -> Tensor:
        queries = self.theta(x).flatten(2).transpose(1, 2)
        keys = self.phi(x).flatten(2)
        values = self.g(x).flatten(2).transpose(1, 2)
        whole = valid.flatten(1).unsqueeze(1)
        hidden = (whole - 1) * HIDDEN
        # A slice that takes everything does not convert.
        count = queries.shape[1]
        starts = range(0, count, MAX_QUERIES) if count > MAX_QUERIES else ()
        chunks = [queries[:, start : start + MAX_QUERIES] for start in starts] or [queries]
        answers = [torch.softmax(some @ keys + hidden, dim=2) @ values for some in chunks]
        attended = torch.cat(answers, dim=1) * whole.amax(2, keepdim=True)
        filled: Tensor = self.res_block(self.W(attended.transpose(1, 2).reshape(x.shape)))
        return valid * x + (1 - valid) * filled


def sliced_valid_cells(mask: Tensor) -> Tensor:
    """The valid cells of a mask of 0 and 1 ``(B, 1, H, W)`` at a quarter of its size, without a resize."""
    seen = mask[:, :, ::4, ::4]
    for row, column in ((1, 1), (1, 2), (2, 1), (2, 2)):
        seen = seen + mask[:, :, row::4, column::4]
    return torch.relu(1 - seen)


class ExportableScratchMapping(nn.Module):
    """`ScratchMapping` for a fixed tile."""

    def __init__(self, mapping: ScratchMapping) -> None:
        super().__init__()
        self.before_NL, self.after_NL = mapping.before_NL, mapping.after_NL
        self.NL = DenseNonLocal(mapping.NL)

    def forward(self, latent: Tensor, mask: Tensor) -> Tensor:
        x = self.before_NL(latent)
        out: Tensor = self.after_NL(self.NL(x, sliced_valid_cells(mask)))
        return out


class DensePatchAttention(nn.Module):
    """`PatchAttention` by one matrix of likenesses, for latents whose sides are multiples of the patch's.

    The patch that is most like a damaged one is taken by a softmax so sharp that it is 0 and 1, but for
    ties, instead of an index.
    """

    def __init__(self, attention: PatchAttention) -> None:
        super().__init__()
        self.side = attention.side
        self.F_Combine, self.res_block = attention.F_Combine, attention.res_block

    def forward(self, x: Tensor, damaged: Tensor) -> Tensor:
        mapped = self.res_block(x)
        patches, broken = self._patches(mapped), self._patches(damaged).mean(2, keepdim=True)
        broken = (broken > MAX_DAMAGE).to(x.dtype)
        candidates = broken.transpose(1, 2)
        # Only the candidates' norm decides. Scaled values have squares that float16 holds.
        peak = patches.abs().amax(2, keepdim=True).clamp(min=MIN_PEAK)
        scaled = patches / peak
        unit = scaled * torch.rsqrt((scaled * scaled).sum(2, keepdim=True) + MIN_LENGTH)
        likeness = scaled @ unit.transpose(1, 2) - candidates * HIDDEN
        behind = likeness - likeness.amax(2, keepdim=True)
        found = torch.softmax(behind * SHARPNESS, dim=2) @ patches
        replaced = broken * (1 - candidates).amax(2, keepdim=True)
        composed = self._joined(replaced * found + (1 - replaced) * patches, x)
        out: Tensor = self.F_Combine(torch.cat([x, composed, damaged], dim=1))
        return out

    def _patches(self, x: Tensor) -> Tensor:
        batch, channels, height, width = x.shape
        rows, columns = height // self.side, width // self.side
        split = x.reshape(batch * channels, rows, self.side, columns * self.side)
        split = split.reshape(batch * channels, rows, self.side, columns, self.side).transpose(2, 3)
        flat = split.reshape(batch, channels, rows * columns, self.side**2).transpose(1, 2)
        return flat.reshape(batch, rows * columns, channels * self.side**2)

    def _joined(self, patches: Tensor, like: Tensor) -> Tensor:
        batch, channels, height, width = like.shape
        rows, columns = height // self.side, width // self.side
        flat = patches.reshape(batch, rows * columns, channels, self.side**2).transpose(1, 2)
        split = flat.reshape(batch * channels, rows, columns, self.side, self.side).transpose(2, 3)
        return split.reshape(batch, channels, height, width)


def sliced_damaged_cells(mask: Tensor) -> Tensor:
    """The damaged cells of a mask of 0 and 1 ``(B, 1, H, W)``, at a quarter of its size."""
    seen = mask[:, :, 1::4, 1::4]
    for row, column in ((1, 2), (2, 1), (2, 2)):
        seen = seen + mask[:, :, row::4, column::4]
    return seen.clamp(max=1)


class ExportablePatchMapping(nn.Module):
    """`PatchMapping` for a fixed tile."""

    def __init__(self, mapping: PatchMapping) -> None:
        super().__init__()
        self.before_NL, self.after_NL = mapping.before_NL, mapping.after_NL
        self.res_block_1, self.res_block_2 = mapping.res_block_1, mapping.res_block_2
        self.NL_scale_1 = DensePatchAttention(mapping.NL_scale_1)
        self.NL_scale_2 = DensePatchAttention(mapping.NL_scale_2)
        self.NL_scale_3 = DensePatchAttention(mapping.NL_scale_3)

    def forward(self, latent: Tensor, mask: Tensor) -> Tensor:
        damaged = sliced_damaged_cells(mask)
        x = self.res_block_1(self.NL_scale_1(self.before_NL(latent), damaged))
        x = self.res_block_2(self.NL_scale_2(x, damaged))
        out: Tensor = self.after_NL(self.NL_scale_3(x, damaged))
        return out


def exportable(network: nn.Module) -> nn.Module:
    """A copy of a published network in operations that convert; its parameters are copies too."""
    made = copy.deepcopy(network).eval()
    for parent in list(made.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.InstanceNorm2d):
                setattr(parent, name, SafeInstanceNorm(child.eps))
    if isinstance(made, ScratchMapping):
        made = ExportableScratchMapping(made)
    elif isinstance(made, PatchMapping):
        made = ExportablePatchMapping(made)
    return made.requires_grad_(False)
