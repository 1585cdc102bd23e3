"""Convolutions, matrix products and pooling. Sums run in float32; the interpreter rounds their results."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from convert.errors import UnknownOperation
from convert.proof.mil.registry import as_ints, operation
from edge.integers import ceil_div


def _padding(
    pad_type: str,
    pad: Sequence[int] | None,
    spans: Sequence[int],
    strides: Sequence[int],
    size: Sequence[int],
) -> list[int]:
    """Before and after each spatial axis; ``spans`` are the kernel's, dilation included."""
    if pad_type == "valid":
        return [0, 0] * len(spans)
    if pad_type == "custom":
        return as_ints(pad, [])
    if pad_type not in ("same", "same_lower"):
        raise UnknownOperation(f"The padding {pad_type} is not known: use valid, same or custom.")
    both: list[int] = []
    for span, stride, length in zip(spans, strides, size, strict=True):
        total = max(0, (ceil_div(length, stride) - 1) * stride + span - length)
        less, more = total // 2, total - total // 2
        both += [less, more] if pad_type == "same" else [more, less]
    return both


def _torch_order(pad: Sequence[int]) -> list[int]:
    """Last axis first, as torch's pad takes them."""
    pairs = [list(pad[index : index + 2]) for index in range(0, len(pad), 2)]
    return [value for pair in reversed(pairs) for value in pair]


@operation("conv")
def conv(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    strides: Sequence[int] | None = None,
    pad_type: str = "valid",
    pad: Sequence[int] | None = None,
    dilations: Sequence[int] | None = None,
    groups: int = 1,
) -> Tensor:
    """Over one or two spatial axes."""
    axes = weight.dim() - 2
    steps, holes = as_ints(strides, [1] * axes), as_ints(dilations, [1] * axes)
    spans = [(k - 1) * d + 1 for k, d in zip(weight.shape[2:], holes, strict=True)]
    padded = F.pad(x, _torch_order(_padding(pad_type, pad, spans, steps, x.shape[2:])))
    convolve = {1: F.conv1d, 2: F.conv2d}[axes]
    return convolve(padded, weight, bias, steps, 0, holes, int(groups))


@operation("conv_transpose")
def conv_transpose(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    pad: Sequence[int] | None = None,
    output_shape: Sequence[int] | None = None,
    pad_type: str = "valid",
    strides: Sequence[int] | None = None,
    dilations: Sequence[int] | None = None,
    groups: int = 1,
) -> Tensor:
    """Over two spatial axes: the full result, cropped by the padding or to the stated shape."""
    steps, holes = as_ints(strides, [1, 1]), as_ints(dilations, [1, 1])
    full = F.conv_transpose2d(x, weight, None, steps, 0, 0, int(groups), holes)
    if pad_type == "valid":
        before = after = [0, 0]
    elif pad_type == "custom":
        given = as_ints(pad, [0, 0, 0, 0])
        before, after = given[::2], given[1::2]
    else:
        raise UnknownOperation(f"conv_transpose with padding {pad_type} is not known: use valid or custom.")
    sides = [s - b - a for s, b, a in zip(full.shape[2:], before, after, strict=True)]
    if output_shape is not None:
        sides = as_ints(output_shape)[2:]
        # The stated shape may reach into what the padding would cut off.
        short = [max(0, b + s - f) for b, s, f in zip(before, sides, full.shape[2:], strict=True)]
        full = F.pad(full, [0, short[1], 0, short[0]])
    out = full[:, :, before[0] : before[0] + sides[0], before[1] : before[1] + sides[1]]
    return out if bias is None else out + bias[:, None, None]


@operation("linear")
def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """A matrix for the last axis."""
    return F.linear(x, weight, bias)


@operation("matmul")
def matmul(x: Tensor, y: Tensor, transpose_x: bool = False, transpose_y: bool = False) -> Tensor:
    """The product over the last two axes."""
    return (x.mT if transpose_x else x) @ (y.mT if transpose_y else y)


@operation("einsum")
def einsum(values: Sequence[Tensor], equation: str) -> Tensor:
    """A sum of products."""
    return torch.einsum(equation, *values)


@operation("max_pool")
def max_pool(
    x: Tensor,
    kernel_sizes: Sequence[int],
    strides: Sequence[int] | None = None,
    pad_type: str = "valid",
    pad: Sequence[int] | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    """The largest value of each window."""
    kernel = as_ints(kernel_sizes)
    steps = as_ints(strides, [1] * len(kernel))
    around = _torch_order(_padding(pad_type, pad, kernel, steps, x.shape[2:]))
    padded = F.pad(x, around, value=float("-inf"))
    out: Tensor = F.max_pool2d(padded, kernel, steps, ceil_mode=bool(ceil_mode))
    return out


@operation("avg_pool")
def avg_pool(
    x: Tensor,
    kernel_sizes: Sequence[int],
    strides: Sequence[int] | None = None,
    pad_type: str = "valid",
    pad: Sequence[int] | None = None,
    exclude_padding_from_average: bool = False,
    ceil_mode: bool = False,
) -> Tensor:
    """The mean of each window."""
    kernel = as_ints(kernel_sizes)
    steps = as_ints(strides, [1] * len(kernel))
    around = _torch_order(_padding(pad_type, pad, kernel, steps, x.shape[2:]))
    mean = F.avg_pool2d(F.pad(x, around), kernel, steps, ceil_mode=bool(ceil_mode))
    if not exclude_padding_from_average:
        return mean
    share = F.avg_pool2d(F.pad(torch.ones_like(x), around), kernel, steps, ceil_mode=bool(ceil_mode))
    return mean / share
