"""The mobile face refinement network: coarse to fine, every block steered by the degraded face.

Source: the paper's face network (section 3.4), a generator whose norms are modulated at several
resolutions by the face (SPADE). Trained, the norms are constants and vanish into the convolutions before
them (`fold_norms`): a product and a sum per pixel remain, which convolutions of the face's features make.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

from convert.nets.mobile.blocks import CELL_PIXELS, smooth_phases_

FACE_CHANNELS = 2 * 3 * CELL_PIXELS
"""The face before and after the photo was restored, as cells of 4x4 pixels each."""


class Look(nn.Module):
    """A convolution and a ReLU; it halves the grid with a ``stride`` of 2."""

    def __init__(self, inward: int, outward: int, side: int = 3, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inward, outward, side, stride=stride, padding=side // 2)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.conv(x))


class Steering(nn.Module):
    """A modulated norm: the face scales and shifts every value."""

    def __init__(self, width: int, norms: bool) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(width, affine=False) if norms else nn.Identity()
        self.gain = nn.Conv2d(width, width, 1)
        self.shift = nn.Conv2d(width, width, 1)
        with torch.no_grad():
            self.gain.weight.mul_(0.1)
            self.gain.bias.fill_(1.0)  # type: ignore[union-attr]
            self.shift.weight.mul_(0.1)

    def forward(self, x: Tensor, face: Tensor) -> Tensor:
        return F.relu(self.norm(x) * self.gain(face) + self.shift(face))


class SteeredBlock(nn.Module):
    """A residual block of two 3x3 convolutions, steered in between."""

    def __init__(self, width: int, norms: bool) -> None:
        super().__init__()
        self.widen = nn.Conv2d(width, width, 3, padding=1)
        self.steering = Steering(width, norms)
        self.narrow = nn.Conv2d(width, width, 3, padding=1)
        with torch.no_grad():
            self.narrow.weight.mul_(0.1)

    def forward(self, x: Tensor, face: Tensor) -> Tensor:
        out: Tensor = x + self.narrow(self.steering(self.widen(x), face))
        return out


class Grid(nn.Module):
    """The steered blocks of one resolution."""

    def __init__(self, width: int, blocks: int, norms: bool) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(SteeredBlock(width, norms) for _ in range(blocks))

    def forward(self, x: Tensor, face: Tensor) -> Tensor:
        for block in self.blocks:
            x = block(x, face)
        return x


class FaceRefiner(nn.Module):
    """Face cells ``(B, 96, 64, 64)`` less `MIDDLE` to residual cells ``(B, 48, 64, 64)``.

    The face is aligned, 256x256 pixels; what is added to it is computed from 8x8 cells of 32 pixels
    upwards. ``widths`` and ``blocks`` are those of the grids from fine (4 pixels) to coarse. It is trained
    with ``norms``: without, the products made training diverge.
    """

    def __init__(
        self,
        widths: Sequence[int] = (64, 96, 128, 128),
        blocks: Sequence[int] = (3, 2, 2, 2),
        norms: bool = False,
    ) -> None:
        super().__init__()
        # INT8 recipes name a place by the last part of its path: each needs a name of its own.
        self.enter = Look(FACE_CHANNELS, widths[0], side=1)
        inward = [widths[0], *widths]
        self.look = nn.ModuleDict(
            {f"look{i}": Look(*pair, stride=2 if i else 1) for i, pair in enumerate(pairwise(inward))}
        )
        self.grids = nn.ModuleDict(
            {f"grid{i}": Grid(*each, norms) for i, each in enumerate(zip(widths, blocks, strict=True))}
        )
        self.rise = nn.ModuleDict(
            {
                f"rise{i}": nn.Conv2d(coarse, fine, 3, padding=1)
                for i, (fine, coarse) in enumerate(pairwise(widths))
            }
        )
        self.leave = nn.Conv2d(widths[0], 3 * CELL_PIXELS, 3, padding=1)
        smooth_phases_(self.leave, colours=3)
        with torch.no_grad():
            self.leave.weight.mul_(0.1)

    def forward(self, cells: Tensor) -> Tensor:
        seen = [self.enter(cells)]
        for look in self.look.values():
            seen.append(look(seen[-1]))
        coarsest = len(self.rise)
        x = self.grids[f"grid{coarsest}"](seen[-1], seen[-1])
        for i in reversed(range(coarsest)):
            # The convolution first: it costs a quarter on the coarser grid.
            risen = self.rise[f"rise{i}"](x)
            x = F.interpolate(risen, scale_factor=2.0, mode="bilinear", align_corners=False)
            x = self.grids[f"grid{i}"](x, seen[i + 1])
        out: Tensor = self.leave(x)
        return out


def fold_norms(trained: FaceRefiner) -> FaceRefiner:
    """The same network without norms: each vanishes into the convolution before it."""
    folded = copy.deepcopy(trained).eval()
    for block in folded.modules():
        if isinstance(block, SteeredBlock) and isinstance(block.steering.norm, nn.BatchNorm2d):
            block.widen = fuse_conv_bn_eval(block.widen, block.steering.norm)
            block.steering.norm = nn.Identity()
    return folded
