"""The damage detector: where is the photo cracked, torn, scratched or stained rather than merely noisy?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_weights

from convert.mobile.nets.blocks import CELL, CELL_PIXELS, ResidualBlock, Sum, smooth_phases_
from edge.integers import ceil_div

RARE = -2.0
"""The logit everywhere at the start: most pixels are undamaged."""

NORM_EPSILON, NORM_MOMENTUM = 1e-3, 0.03

EXTREMES, MIN_RANGE = 6, 0.01
"""Standard deviations above its mean that a channel may reach, and the least range it is taken to have."""


@dataclass(frozen=True)
class Stage:
    """Inverted residual blocks of one width; the first has the stride."""

    width: int
    expansion: int
    kernel: int
    stride: int
    blocks: int


STEM = 32
STAGES = (
    Stage(16, 1, 3, 1, 1),
    Stage(24, 6, 3, 2, 2),
    Stage(40, 6, 5, 2, 2),
    Stage(80, 6, 3, 2, 3),
    Stage(112, 6, 5, 1, 3),
)
"""EfficientNet-Lite0 up to a sixteenth of the photo's resolution."""


class Relu(nn.Module):
    """A ReLU with a path of its own: a convolution or sum is stored in INT8 after its ReLU."""

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x)


class ConvNorm(nn.Module):
    """A convolution and the batch norm that a trained network folds into it."""

    def __init__(self, conv: nn.Conv2d | nn.ConvTranspose2d) -> None:
        super().__init__()
        self.conv = conv
        self.norm: nn.BatchNorm2d | None = nn.BatchNorm2d(conv.out_channels, NORM_EPSILON, NORM_MOMENTUM)

    def forward(self, x: Tensor) -> Tensor:
        if torch.is_autocast_enabled("cpu") and self.conv.groups > 1 and x.device.type == "cpu":
            # On CPUs the gradients of depthwise convolutions take 2 to 30 times as long in bfloat16.
            with torch.autocast("cpu", enabled=False):
                out: Tensor = self.conv(x.float()).to(x.dtype)
        else:
            out = self.conv(x)
        return out if self.norm is None else self.norm(out)

    def fold_(self) -> None:
        """Move the norm's statistics, scale and offset into the convolution, in place."""
        norm = self.norm
        assert norm is not None
        assert norm.running_mean is not None and norm.running_var is not None
        weight, bias = fuse_conv_bn_weights(
            self.conv.weight, None, norm.running_mean, norm.running_var, norm.eps, norm.weight, norm.bias,
            transpose=isinstance(self.conv, nn.ConvTranspose2d),
        )  # fmt: skip
        self.conv.weight, self.conv.bias, self.norm = weight, bias, None


def _rescale(writer: ConvNorm, weights: Tensor, share: float) -> None:
    """Move each channel's range, to the power ``share``, from ``writer`` to the ``weights`` that read it
    ``(channels, ...)``, in place."""
    norm = writer.norm
    assert norm is not None
    scale = (norm.bias + EXTREMES * norm.weight.abs()).clamp(min=MIN_RANGE) ** share
    norm.weight.div_(scale)
    norm.bias.div_(scale)
    weights.mul_(scale[:, None, None, None])


def _conv(width: int, out: int, kernel: int, stride: int = 1, groups: int = 1) -> ConvNorm:
    """A convolution and its norm. A ``kernel`` of 2 sees no further than its two pixels."""
    padding = (kernel - 1) // 2
    return ConvNorm(nn.Conv2d(width, out, kernel, stride, padding, groups=groups, bias=False))


class InvertedResidual(nn.Module):
    """Widened by a 1x1 convolution, filtered channel by channel, narrowed again (Sandler et al. 2018)."""

    def __init__(self, width: int, out: int, stage: Stage, stride: int) -> None:
        super().__init__()
        wide = width * stage.expansion
        self.expand = _conv(width, wide, 1) if stage.expansion > 1 else None
        self.expanded = Relu()
        self.filter = _conv(wide, wide, stage.kernel, stride, groups=wide)
        self.filtered = Relu()
        self.project = _conv(wide, out, 1)
        self.sum = Sum() if stride == 1 and width == out else None
        self.stride, self.reach = stride, stage.kernel // 2

    def forward(self, x: Tensor) -> Tensor:
        wide = x if self.expand is None else self.expanded(self.expand(x))
        out: Tensor = self.project(self.filtered(self.filter(wide)))
        return out if self.sum is None else self.sum(x, out)


class DamageDetector(nn.Module):
    """Photo cells ``(B, 48, h, w)`` in 0..1 to damage probabilities ``(B, 16, h, w)``, one a pixel; h and w
    are multiples of `step`.

    A U-shaped network whose encoder is EfficientNet-Lite0's. Begun from that network's weights, which have
    seen a million photographs, it learns in an hour what it does not in a day from random ones
    (docs/reference/figures.md). Scales of 1/2 to 1/16 of the photo's resolution distinguish a crack across
    a face from its outline. Up by nearest neighbours and sums, which every delegate runs.
    """

    def __init__(
        self,
        stem: int = STEM,
        stages: Sequence[Stage] = STAGES,
        widths: Sequence[int] = (48, 64),
        merges: Sequence[int] = (2, 1),
    ) -> None:
        """A detector with random weights.

        Args:
            stem: Channels at 1/2 of the photo's resolution.
            stages: Of the encoder.
            widths: Channels of the decoder at 1/4, 1/8, ..., to twice the last stage's resolution.
            merges: Residual blocks of the decoder at each of these.
        """
        super().__init__()
        # From cells to 1/2: a stride of 2 over pixels is one of 1/2 over cells.
        self.stem = ConvNorm(nn.ConvTranspose2d(3 * CELL_PIXELS, stem, 4, 2, 1, bias=False))
        self.stemmed = Relu()
        # INT8 recipes name a place by the last part of its path: each needs a name of its own.
        self.blocks = nn.ModuleDict()
        self.scales: dict[str, int] = {}
        width, scale, taps = stem, 1, {}
        for number, stage in enumerate(stages):
            scale += stage.stride == 2
            for index in range(stage.blocks):
                name = f"block{number}_{index}"
                stride = 1 if index else stage.stride
                self.blocks[name] = InvertedResidual(width, stage.width, stage, stride)
                self.scales[name], width = scale, stage.width
            taps[scale] = width
        self.counts, self.deepest = tuple(merges), scale
        self.enter = _conv(3 * CELL_PIXELS, widths[0], 3)
        self.fine = _conv(taps[1], widths[0], 2, 2)
        self.sums = nn.ModuleDict({name: Sum() for name in ("sum_fine", "sum_enter")})
        self.rises, self.laterals, self.merges, self.relus = (nn.ModuleDict() for _ in range(4))
        for scale in range(self.deepest - 1, 1, -1):
            here = widths[scale - 2]
            self.rises[f"rise{scale}"] = _conv(width, here, 1)
            self.laterals[f"lateral{scale}"] = _conv(taps[scale], here, 1)
            self.sums[f"sum{scale}"] = Sum()
            self.relus[f"met{scale}"] = Relu()
            for index in range(merges[scale - 2]):
                self.merges[f"merge{scale}_{index}"] = ResidualBlock(here)
                self.relus[f"merged{scale}_{index}"] = Relu()
            width = here
        self.leave = nn.Conv2d(width, CELL_PIXELS, 3, padding=1)
        smooth_phases_(self.leave, colours=1)
        nn.init.constant_(self.leave.bias, RARE)  # type: ignore[arg-type]
        self.step = (1 << self.deepest) // CELL
        """Cells: the coarsest scale's grid, on which tiles must lie."""
        self.halo = self._halo()

    def _halo(self) -> int:
        """How far an output cell can see, in cells, rounded up to whole steps."""
        reach, pixels = CELL, 2
        for block in self.blocks.values():
            assert isinstance(block, InvertedResidual)
            reach += block.reach * pixels
            pixels *= block.stride
        for scale in range(2, self.deepest):
            # The nearest neighbour moves a place by less than one coarse pixel.
            reach += (ResidualBlock.halo * self.counts[scale - 2] << scale) + (1 << scale)
        reach += CELL
        return ceil_div(ceil_div(reach, CELL), self.step) * self.step

    def logits(self, cells: Tensor) -> Tensor:
        """Before the sigmoid, for a loss that is stable."""
        x, taps = self.stemmed(self.stem(cells)), {}
        for name, block in self.blocks.items():
            # The last block of each scale is the one that stays.
            x = taps[self.scales[name]] = block(x)
        for scale in range(self.deepest - 1, 1, -1):
            risen = F.interpolate(self.rises[f"rise{scale}"](x), scale_factor=2.0, mode="nearest")
            x = self.sums[f"sum{scale}"](risen, self.laterals[f"lateral{scale}"](taps[scale]))
            if scale == 2:
                x = self.sums["sum_fine"](x, self.fine(taps[1]))
                x = self.sums["sum_enter"](x, self.enter(cells))
            x = self.relus[f"met{scale}"](x)
            for index in range(self.counts[scale - 2]):
                x = self.relus[f"merged{scale}_{index}"](self.merges[f"merge{scale}_{index}"](x))
        out: Tensor = self.leave(x)
        return out

    def forward(self, cells: Tensor) -> Tensor:
        return torch.sigmoid(self.logits(cells))

    def norms(self) -> Iterator[ConvNorm]:
        """Every convolution with a norm."""
        for module in self.modules():
            if isinstance(module, ConvNorm):
                yield module

    @torch.no_grad()
    def equalize_(self) -> None:
        """Give the channels that a block filters similar ranges, in place; the result stays the same.

        INT8 stores a tensor in one range: in the stem's, up to 76 in a trial, most channels had few levels.
        A ReLU passes on any scale above zero, so a channel's can move from the convolution that writes it
        to the one that reads it (Nagel et al. 2019): for a filter, whose weights have a scale for each
        channel, at no cost; for a projection, whose weights would err more, half of it.
        """
        source = self.stem
        for block in self.blocks.values():
            assert isinstance(block, InvertedResidual)
            source = block.expand or source
            if block.expand is not None or block.sum is None:  # else the sum reads it too
                _rescale(source, block.filter.conv.weight, 1.0)
            _rescale(block.filter, block.project.conv.weight.movedim(1, 0), 0.5)
            source = block.project

    def fold_(self) -> None:
        """Fold every norm into its convolution, in place: what is converted has none."""
        for each in self.norms():
            each.fold_()
