"""The mobile face refinement network: coarse to fine, every block steered by the degraded face.

Source: the paper's face network (section 3.4), a generator whose norms are modulated at several
resolutions by the face (SPADE). Here no norm is left: a product and a sum for every value, which
convolutions of the face's own features make.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from convert.mobile.nets.blocks import MIDDLE, Sum
from convert.mobile.nets.restorer import PIXEL_CHANNELS, MobileRestorer, Shrinkage

FACE_CHANNELS = 2 * PIXEL_CHANNELS
"""The face before and after the photo was restored, as cells of 4x4 pixels each."""


class Look(nn.Module):
    """A convolution and a ReLU; it halves the grid with a ``stride`` of 2."""

    def __init__(self, inward: int, outward: int, side: int = 3, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inward, outward, side, stride=stride, padding=side // 2)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.conv(x))


class Steering(nn.Module):
    """What is left of a modulated norm: the face scales and shifts every value, at first by nothing."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gain = nn.Conv2d(width, width, 1)
        self.shift = nn.Conv2d(width, width, 1)
        for conv, begin in ((self.gain, 1.0), (self.shift, 0.0)):
            nn.init.zeros_(conv.weight)
            nn.init.constant_(conv.bias, begin)  # type: ignore[arg-type]

    def forward(self, x: Tensor, face: Tensor) -> Tensor:
        return F.relu(x * self.gain(face) + self.shift(face))


class SteeredBlock(nn.Module):
    """A residual block of two 3x3 convolutions, steered in between."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.widen = nn.Conv2d(width, width, 3, padding=1)
        self.steering = Steering(width)
        self.narrow = nn.Conv2d(width, width, 3, padding=1)
        with torch.no_grad():
            self.narrow.weight.mul_(0.1)

    def forward(self, x: Tensor, face: Tensor) -> Tensor:
        out: Tensor = x + self.narrow(self.steering(self.widen(x), face))
        return out


class Grid(nn.Module):
    """The steered blocks of one resolution."""

    def __init__(self, width: int, blocks: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(SteeredBlock(width) for _ in range(blocks))

    def forward(self, x: Tensor, face: Tensor) -> Tensor:
        for block in self.blocks:
            x = block(x, face)
        return x


class FaceRefiner(nn.Module):
    """Face cells ``(B, 96, 64, 64)`` less `MIDDLE` to residual cells ``(B, 48, 64, 64)``.

    The face is aligned, 256x256 pixels. What is to be added to it *before* it was restored: what the
    restore path added, and corrections that come from 8x8 cells of 32 pixels upwards. ``widths`` and
    ``blocks`` are those of the grids from fine (4 pixels) to coarse.
    """

    def __init__(
        self,
        widths: Sequence[int] = (64, 96, 128, 128),
        blocks: Sequence[int] = (5, 1, 1, 2),
        coefficients: int = 96,
    ) -> None:
        super().__init__()
        # INT8 recipes name a place by the last part of its path: each needs a name of its own.
        self.enter = Look(FACE_CHANNELS, FACE_CHANNELS, side=1)
        inward = [FACE_CHANNELS, *widths]
        self.look = nn.ModuleDict(
            {f"look{i}": Look(*pair, stride=2 if i else 1) for i, pair in enumerate(pairwise(inward))}
        )
        self.grids = nn.ModuleDict(
            {f"grid{i}": Grid(*each) for i, each in enumerate(zip(widths, blocks, strict=True))}
        )
        self.rise = nn.ModuleDict(
            {
                f"rise{i}": nn.Conv2d(coarse, fine, 3, padding=1)
                for i, (fine, coarse) in enumerate(pairwise(widths))
            }
        )
        self.sums = nn.ModuleDict({f"sum{i}": Sum() for i in range(len(self.rise))})
        self.leave = nn.Conv2d(widths[0], PIXEL_CHANNELS, 3, padding=1)
        self.shrinkage = Shrinkage(widths[0], coefficients, pictures=2)
        self.drawn = Sum()
        self.restored = nn.Conv2d(FACE_CHANNELS, PIXEL_CHANNELS, 1)
        with torch.no_grad():
            # The restored face less the one before: what the restore path did.
            after = torch.eye(PIXEL_CHANNELS)[:, :, None, None]
            self.restored.weight.copy_(torch.cat((-after, after), 1))
            nn.init.zeros_(self.restored.bias)  # type: ignore[arg-type]

    def forward(self, cells: Tensor) -> Tensor:
        face = self.enter(cells)
        seen = []
        for look in self.look.values():
            face = look(face)
            seen.append(face)
        coarsest = len(self.rise)
        x = self.grids[f"grid{coarsest}"](seen[coarsest], seen[coarsest])
        for i in reversed(range(coarsest)):
            # The convolution first: it costs a quarter on the coarser grid.
            risen = self.rise[f"rise{i}"](x)
            risen = F.interpolate(risen, scale_factor=2.0, mode="bilinear", align_corners=False)
            x = self.grids[f"grid{i}"](self.sums[f"sum{i}"](seen[i], risen), seen[i])
        out: Tensor = self.drawn(self.leave(x), self.shrinkage(x, cells)) + self.restored(cells)
        return out


@torch.no_grad()
def begin_from_(face: FaceRefiner, restorer: MobileRestorer) -> None:
    """Let the finest grid begin as the restore path, in place: it already restores, and learns what is
    peculiar to faces. Begun from nothing, the network stayed at changing nothing for hundreds of steps.
    """
    nn.init.dirac_(face.enter.conv.weight)
    nn.init.constant_(face.enter.conv.bias, MIDDLE)  # type: ignore[arg-type]
    first, rise = cast(Look, face.look["look0"]).conv, cast(nn.Conv2d, face.rise["rise0"])
    nn.init.zeros_(first.weight)
    first.weight[:, :PIXEL_CHANNELS] = restorer.encoder.enter.weight
    for conv, bias in ((first, restorer.encoder.enter.bias), (rise, torch.zeros(rise.out_channels))):
        conv.bias.copy_(bias)  # type: ignore[union-attr,arg-type]
    nn.init.zeros_(rise.weight)
    blocks = cast(Grid, face.grids["grid0"]).blocks
    # The finest grid may be shallower: it then begins without the mapper's last blocks.
    mapped = list(restorer.mapper.blocks)[: len(blocks) - 2]
    known = [restorer.encoder.block, *mapped, restorer.decoder.block]
    for block, source in zip(blocks, known, strict=True):
        for name in ("widen", "narrow"):
            block.get_submodule(name).load_state_dict(source.get_submodule(name).state_dict())
    # Half of what the finest grid restores, and half of what was restored before it.
    face.leave.load_state_dict(restorer.decoder.leave.state_dict())
    for conv in (face.leave, face.restored):
        for weights in conv.parameters():
            weights.mul_(0.5)
