"""Parts with INT8 rounding as explicit operations, from which ONNX and Core ML artifacts are exported.

The exporters support the quantize and dequantize operations of torch's own export flow
(``torch.ops.quantized_decomposed``). Scales and zero points follow the formula of the LiteRT converter, so
that all formats store the same levels. Attention stays float in all but LiteRT, whatever the recipe.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, cast

import torch

# Registers the operations.
import torch.ao.quantization.fx._decomposed
from torch import Tensor, fx, nn
from torch.nn import functional as F

from convert.errors import WeightsError
from convert.int8.ranges import SHARED_RANGES
from convert.int8.twin import (
    LEVELS,
    Convolution,
    Stored,
    StoredConv,
    StoredSum,
    convolved,
    layers,
    named_stored,
    twin,
)
from convert.mobile.parts import ChannelsLast, PartSource
from convert.recipes.int8 import Int8Recipe

LOWEST, HIGHEST = -128, 127
PROBABILITY = (0.0, 255 / 256)
"""LiteRT stores every sigmoid so."""

Range = tuple[float, float]
_operations = torch.ops.quantized_decomposed


def scale_and_zero_point(limits: Range) -> tuple[float, int]:
    """How a tensor with the range ``limits`` (zero lies within) is stored: ``scale * (level - zero)``."""
    scale = (limits[1] - limits[0]) / LEVELS
    return scale, round(-limits[0] / scale) + LOWEST


def symmetric(limits: Range) -> Range:
    """The narrowest range that holds ``limits`` with a zero point of 0: TensorRT takes no other."""
    peak = max(-limits[0] * HIGHEST / -LOWEST, limits[1])
    return LOWEST * peak / HIGHEST, peak


def quantized(
    source: PartSource,
    ranges: Mapping[str, Range],
    recipe: Int8Recipe,
    stored_ends: bool,
    signed: bool = False,
) -> nn.Module:
    """The part with explicit rounding, channels last like ``source.network``.

    ``ranges`` names every stored tensor (`convert.int8.ranges.named_ranges`). With ``stored_ends`` inputs
    and outputs are int8 tensors, else the same values as floats. ``signed`` widens every range until it is
    `symmetric`. Raises WeightsError if a range is missing.
    """
    network = copy.deepcopy(cast(ChannelsLast, source.network).network)
    ends = tuple(Stored(limits) for limits in end_ranges(source, ranges, signed))
    graph = twin(network, ends[:-1], ends[-1])
    for layer in layers(source.name, graph):
        layer.set(recipe.scheme(layer.scope, layer.operation))
    for name, stored in named_stored(source.name, graph).items():
        if name not in ranges:
            raise WeightsError(f"There is no range for {name}: convert with the ranges of these weights.")
        stored.seen.copy_(torch.tensor(symmetric(ranges[name]) if signed else ranges[name]))
    written = _WrittenOut(graph, ends, stored_ends).transform()
    return ChannelsLast(written).eval().requires_grad_(False)


def end_ranges(source: PartSource, ranges: Mapping[str, Range], signed: bool = False) -> list[Range]:
    """The ranges of a part's inputs, then of its output."""
    whole = dict.fromkeys(("photo", "mask", "face_pair"), (0.0, 1.0))
    fixed: dict[str, Range] = {**whole, "probability": PROBABILITY}
    handed = {end: ranges[name] for name, ends in SHARED_RANGES.items() for end in ends if name in ranges}
    names = [*(f"args_{index}" for index in range(len(source.inputs))), "output_0"]
    ends = zip(names, (*source.inputs, source.output), strict=True)
    found = [fixed[end.role] if end.role in fixed else handed[source.name, name] for name, end in ends]
    return [symmetric(limits) for limits in found] if signed else found


class QuantizedConv(nn.Module):
    """A convolution with int8 weights, a scale for each output channel, and a float bias; ``conv`` says how
    it is done (stride, padding, groups)."""

    weight: Tensor
    scales: Tensor
    zero_points: Tensor

    def __init__(self, conv: Convolution) -> None:
        super().__init__()
        weight = conv.weight.detach()
        self.axis = 1 if conv.transposed else 0
        others = [axis for axis in range(4) if axis != self.axis]
        scales = (weight.abs().amax(others) / HIGHEST).clamp(min=1e-12)
        shape = [-1 if axis == self.axis else 1 for axis in range(4)]
        self.register_buffer("weight", (weight / scales.reshape(shape)).round().to(torch.int8))
        self.register_buffer("scales", scales)
        self.register_buffer("zero_points", torch.zeros(len(scales), dtype=torch.int64))
        self.bias = None if conv.bias is None else nn.Parameter(conv.bias.detach())
        # Held in a tuple: the module's float weights are no part of this one.
        self.like = (conv,)

    def forward(self, x: Tensor) -> Tensor:
        weight = _operations.dequantize_per_channel(
            self.weight, self.scales, self.zero_points, self.axis, -HIGHEST, HIGHEST, torch.int8
        )
        return convolved(self.like[0], x, weight, self.bias)


class _WrittenOut(fx.Transformer):
    """Replaces what rounds in a twin by explicit operations."""

    def __init__(self, graph: fx.GraphModule, ends: tuple[Stored, ...], stored_ends: bool) -> None:
        super().__init__(graph)
        self.ends = ends if stored_ends else ()

    def call_module(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        module = self.fetch_attr(target)
        if isinstance(module, Stored):
            if not module.active:
                return args[0]
            levels = args[0] if module in self.ends[:-1] else _quantize(args[0], module.limits)
            return levels if module in self.ends[-1:] else _dequantize(levels, module.limits)
        if isinstance(module, StoredConv):
            conv = module.conv
            if not module.active:
                return self._call(conv, args[0])
            return self._call(QuantizedConv(conv), _taken(args[0], module.source))
        if isinstance(module, StoredSum):
            sources = cast("list[Stored]", list(module.sources))
            if module.to_.active:
                args = tuple(map(_taken, args, sources))
            return module.operation(*args)
        return super().call_module(target, args, kwargs)

    def call_function(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if target is F.conv2d:  # the gate's, whose weights are no parameter
            weight = self.fetch_attr(args[1].node.target)
            gate = nn.Conv2d(weight.shape[1], weight.shape[0], 1, bias=False)
            gate.weight = nn.Parameter(weight.detach())
            return self._call(QuantizedConv(gate), args[0])
        return super().call_function(target, args, kwargs)

    def _call(self, module: nn.Module, x: Any) -> Any:
        name = f"int8_{len(self.new_graph.nodes)}"
        self.module.add_module(name, module)
        return super().call_module(name, (x,), {})


def _quantize(x: Any, limits: Range) -> Any:
    scale, zero_point = scale_and_zero_point(limits)
    return _operations.quantize_per_tensor(x, scale, zero_point, LOWEST, HIGHEST, torch.int8)


def _dequantize(levels: Any, limits: Range) -> Any:
    scale, zero_point = scale_and_zero_point(limits)
    return _operations.dequantize_per_tensor(levels, scale, zero_point, LOWEST, HIGHEST, torch.int8)


def _taken(x: Any, source: Stored) -> Any:
    """Input of an INT8 operation, rounded here if a float operation computed it."""
    return x if source.active else _dequantize(_quantize(x, source.limits), source.limits)
