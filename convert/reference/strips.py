"""Feature maps of a whole photo, computed layer by layer in strips of rows.

A map is kept as its convolution left it; the norm and the activation that follow are applied when rows are
read, since the norm's mean and variance are known only after the last strip.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal, Protocol, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from convert.reference.nets.blocks import ResidualBlock
from edge.integers import ceil_div

FLOAT_BYTES = 4
COPIES = 3
"""Copies of a strip that exist at once: as read, padded, and in the layout of the convolution library."""


class FeatureMap(Protocol):
    """A map of the whole photo that is read by rows."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, rows, columns."""

    def read(self, top: int, bottom: int) -> Tensor:
        """Rows ``top`` to ``bottom``, ``(1, channels, bottom - top, columns)``; not to be changed."""

    def row_bytes(self) -> int:
        """Memory that reading takes for each row, beyond what is kept anyway."""


@dataclass
class Workspace:
    """Memory that strips may take, and the receiver of progress."""

    max_bytes: int = 256 << 20
    on_progress: Callable[[int], None] = lambda macs: None
    """Receives the multiply-accumulates of each strip."""

    def heights(self, rows: int, row_bytes: int) -> Iterator[tuple[int, int]]:
        """Strips that cover ``rows``, as first row and row after the last."""
        height = max(1, self.max_bytes // row_bytes)
        return pairwise([*range(0, rows, height), rows])


@dataclass(frozen=True)
class Step:
    """A convolution, the padding before it, and the norm and activation after it."""

    convolution: nn.Conv2d | nn.ConvTranspose2d
    margin: int
    padding: Literal["constant", "reflect"]
    norm: nn.InstanceNorm2d | None = None
    activation: Callable[[Tensor], Tensor] | None = None

    def output(self, source: tuple[int, int, int]) -> tuple[int, int, int]:
        """Channels, rows and columns made of a map's."""
        layer = self.convolution
        side, stride = layer.kernel_size[0], layer.stride[0]
        if isinstance(layer, nn.ConvTranspose2d):
            rows, columns = (length * stride for length in source[1:])
        else:
            rows, columns = ((length + 2 * self.margin - side) // stride + 1 for length in source[1:])
        return layer.out_channels, rows, columns

    def macs(self, source: tuple[int, int, int]) -> int:
        """Multiply-accumulates for a whole map."""
        _, rows, columns = source if self.transposed else self.output(source)
        return self.convolution.weight.numel() * rows * columns

    @property
    def transposed(self) -> bool:
        """Whether the map grows."""
        return isinstance(self.convolution, nn.ConvTranspose2d)

    @property
    def finished(self) -> bool:
        """Whether something follows the convolution already."""
        return self.norm is not None or self.activation is not None


def steps_of(layers: nn.Sequential) -> list[Step | ResidualBlock]:
    """The layers as steps; TypeError for a layer, or an order of layers, that is not known here."""
    found: list[Step | ResidualBlock] = []
    reflected = 0
    for layer in layers:
        last = found[-1] if found and isinstance(found[-1], Step) and not reflected else None
        if isinstance(layer, ResidualBlock) and not reflected:
            found.append(layer)
        elif isinstance(layer, nn.ReflectionPad2d) and len(set(layer.padding)) == 1 and not reflected:
            reflected = layer.padding[0]
        elif isinstance(layer, nn.Conv2d | nn.ConvTranspose2d) and _is_known(layer, reflected):
            margin = reflected or cast(int, layer.padding[0])
            found.append(Step(layer, margin, "reflect" if reflected else "constant"))
            reflected = 0
        elif last and isinstance(layer, nn.InstanceNorm2d) and not (last.finished or layer.affine):
            found[-1] = Step(last.convolution, last.margin, last.padding, layer)
        elif last and isinstance(layer, nn.ReLU | nn.Tanh) and last.activation is None:
            activation = torch.relu_ if isinstance(layer, nn.ReLU) else torch.tanh_
            found[-1] = Step(last.convolution, last.margin, last.padding, last.norm, activation)
        else:
            raise TypeError(f"{layer} can't be computed in strips here")
    return found


def _is_known(layer: nn.Conv2d | nn.ConvTranspose2d, reflected: int) -> bool:
    """Whether `_convolved` computes this convolution, which follows a padding by ``reflected``."""
    if isinstance(layer, nn.ConvTranspose2d):
        doubling = (layer.kernel_size, layer.stride, layer.padding) == ((4, 4), (2, 2), (1, 1))
        return doubling and layer.output_padding == (0, 0) and layer.groups == 1 and not reflected
    square = all(len(set(pair)) == 1 for pair in (layer.kernel_size, layer.stride, layer.padding))
    plain = layer.groups == 1 and layer.dilation == (1, 1) and layer.padding_mode == "zeros"
    return square and plain and not (reflected and layer.padding != (0, 0))


def macs_of(layers: nn.Sequential, shape: tuple[int, int, int]) -> tuple[int, tuple[int, int, int]]:
    """Multiply-accumulates of the layers for a map of ``shape``, and the shape that they make of it."""
    total = 0
    for step in steps_of(layers):
        if isinstance(step, ResidualBlock):
            total += macs_of(step.conv_block, shape)[0]
        else:
            total += step.macs(shape)
            shape = step.output(shape)
    return total, shape


@dataclass
class Moments:
    """Mean and variance of each channel over the strips of a map (Chan, Golub and LeVeque)."""

    count: int = 0
    mean: Tensor = field(default_factory=lambda: torch.zeros(()))
    squares: Tensor = field(default_factory=lambda: torch.zeros(()))

    def add(self, strip: Tensor) -> None:
        """Take in a strip ``(1, channels, rows, columns)``."""
        count = strip.shape[2] * strip.shape[3]
        variance, mean = (x.double() for x in torch.var_mean(strip, dim=(0, 2, 3), correction=0))
        total = self.count + count
        apart = mean - self.mean.to(mean)
        self.mean = self.mean + apart * (count / total)
        self.squares = self.squares + variance * count + apart.square() * (self.count * count / total)
        self.count = total


@dataclass(frozen=True)
class Finish:
    """What is done to a convolution's rows when they are read: the norm and the activation."""

    mean: Tensor | None = None
    scale: Tensor | None = None
    activation: Callable[[Tensor], Tensor] | None = None

    @classmethod
    def of(cls, step: Step, moments: Moments) -> Finish:
        """The finish of a step whose map has these moments."""
        if step.norm is None:
            return cls(activation=step.activation)
        scale = torch.rsqrt(moments.squares / moments.count + step.norm.eps)
        mean, scale = (x.float().reshape(1, -1, 1, 1) for x in (moments.mean, scale))
        return cls(mean, scale, step.activation)

    def apply(self, rows: Tensor) -> Tensor:
        """Finished rows: a new tensor, or the same one if there is nothing to do."""
        if self.mean is not None and self.scale is not None:
            rows = (rows - self.mean).mul_(self.scale)
        elif self.activation is not None:
            rows = rows.clone()
        return self.activation(rows) if self.activation is not None else rows


@dataclass
class Kept:
    """A map in memory: ``values`` ``(1, channels, rows, columns)`` and the finish they still need."""

    values: Tensor
    finish: Finish = field(default_factory=Finish)

    @property
    def shape(self) -> tuple[int, int, int]:
        return self.values.shape[1], self.values.shape[2], self.values.shape[3]

    def read(self, top: int, bottom: int) -> Tensor:
        return self.finish.apply(self.values[:, :, top:bottom])

    def row_bytes(self) -> int:
        return FLOAT_BYTES * self.shape[0] * self.shape[2]

    def settle(self, work: Workspace) -> Tensor:
        """The finished values, finished in place."""
        for top, bottom in work.heights(self.shape[1], self.row_bytes()):
            self.values[:, :, top:bottom] = self.read(top, bottom)
        self.finish = Finish()
        return self.values


@dataclass(frozen=True)
class Recomputed:
    """A map too large to keep: its rows are computed from ``source`` whenever they are read."""

    source: FeatureMap
    step: Step
    finish: Finish

    @property
    def shape(self) -> tuple[int, int, int]:
        return self.step.output(self.source.shape)

    def read(self, top: int, bottom: int) -> Tensor:
        return self.finish.apply(_convolved(self.source, self.step, top, bottom))

    def row_bytes(self) -> int:
        return _step_bytes(self.source, self.step)


def run(layers: nn.Sequential, source: FeatureMap, work: Workspace, recompute_rows: int = 0) -> FeatureMap:
    """Apply ``layers`` to ``source``. Maps of ``recompute_rows`` rows are not kept but recomputed.

    A source that is kept in memory is overwritten.
    """
    for step in steps_of(layers):
        if isinstance(step, ResidualBlock):
            source = _residual(cast(Kept, source), step, work)
        elif step.output(source.shape)[1] == recompute_rows:
            source = _measured(source, step, work)
        else:
            source = convolve(source, step, work, overwrite=True)
    return source


def convolve(source: FeatureMap, step: Step, work: Workspace, overwrite: bool = False) -> Kept:
    """A step's map. With ``overwrite`` it takes the memory of ``source`` where the shapes allow it."""
    shape = step.output(source.shape)
    reuse = overwrite and isinstance(source, Kept) and source.shape == shape
    weight = step.convolution.weight
    values = cast(Kept, source).values if reuse else torch.empty(1, *shape, device=weight.device)
    moments = Moments()
    # A strip is written after the next one is computed, which may still read the rows it replaces.
    waiting: tuple[int, int, Tensor] | None = None
    for top, bottom in work.heights(shape[1], _step_bytes(source, step)):
        rows = _convolved(source, step, top, bottom)
        if step.norm is not None:
            moments.add(rows)
        if waiting:
            values[:, :, waiting[0] : waiting[1]] = waiting[2]
        waiting = top, bottom, rows
        work.on_progress(step.macs(source.shape) * (bottom - top) // shape[1])
    if waiting:
        values[:, :, waiting[0] : waiting[1]] = waiting[2]
    return Kept(values, Finish.of(step, moments))


def _measured(source: FeatureMap, step: Step, work: Workspace) -> Recomputed:
    shape = step.output(source.shape)
    moments = Moments()
    if step.norm is not None:
        for top, bottom in work.heights(shape[1], _step_bytes(source, step)):
            moments.add(_convolved(source, step, top, bottom))
            work.on_progress(step.macs(source.shape) * (bottom - top) // shape[1])
    return Recomputed(source, step, Finish.of(step, moments))


def _residual(source: Kept, block: ResidualBlock, work: Workspace) -> Kept:
    values = source.settle(work)
    first, second = cast(list[Step], steps_of(block.conv_block))
    change = convolve(convolve(source, first, work), second, work, overwrite=True)
    for top, bottom in work.heights(source.shape[1], 2 * source.row_bytes()):
        values[:, :, top:bottom] += change.read(top, bottom)
    return source


def _step_bytes(source: FeatureMap, step: Step) -> int:
    """Memory that a strip takes for each of its rows."""
    channels, rows, columns = step.output(source.shape)
    read = ceil_div(source.shape[1], rows) if not step.transposed else 1
    inward = FLOAT_BYTES * source.shape[0] * source.shape[2] * read
    return COPIES * (inward + FLOAT_BYTES * channels * columns) + read * source.row_bytes()


def _convolved(source: FeatureMap, step: Step, top: int, bottom: int) -> Tensor:
    """Rows ``top`` to ``bottom`` of a step's map, without norm and activation."""
    layer, height = step.convolution, source.shape[1]
    if isinstance(layer, nn.ConvTranspose2d):
        # Row o takes from the rows i with o = 2 i - 1 + k, k = 0..3; the result begins 2 first - 1.
        first, last = max(0, (top - 1) // 2), min(height, (bottom + 1) // 2 + 1)
        rows = F.conv_transpose2d(
            source.read(first, last), layer.weight, layer.bias, stride=2, padding=(0, 1)
        )
        return rows[:, :, top + 1 - 2 * first : bottom + 1 - 2 * first]
    side, stride, margin = layer.kernel_size[0], layer.stride[0], step.margin
    first, last = top * stride - margin, (bottom - 1) * stride - margin + side
    rows = source.read(max(0, first), min(height, last))
    rows = F.pad(rows, (margin, margin, max(0, -first), max(0, last - height)), mode=step.padding)
    return F.conv2d(rows, layer.weight, layer.bias, stride=stride)
