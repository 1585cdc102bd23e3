"""The mobile networks as INT8 computes them, in torch and differentiable: one part's twin.

Every tensor that the converter stores as INT8 is rounded to 256 levels of a range, and every convolution's
weights to 255 levels per output channel (the scheme of ``static_wi8_ai8``: symmetric weights, asymmetric
activations). Attention stays float, as in `convert.formats.litert`. Rounding passes gradients through
(straight-through estimator), clipping passes them to the range (Esser et al. 2020, learned step size), so
that training can learn both; `convert.int8.qdq` writes the same rounding for the exporters.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from torch import Tensor, fx, nn
from torch.nn import functional as F

from convert.int8.ranges import BINS, best_range
from convert.recipes.int8 import Scheme

LEVELS = 255


class Stored(nn.Module):
    """An activation stored as INT8: it observes values first, then rounds to the range of those.

    What is learnt is the logarithm of each end's stretch, so that a step changes large and small ranges
    alike. Its gradient is scaled down by the number of values that it sums over (as Esser et al. do), or
    the few ranges would use up the whole norm that gradients are clipped to.

    ``fixed`` ranges are not learnt. ``whole`` ones span all observed values; others are narrowed to the
    least error of clipping and rounding together.
    """

    seen: Tensor

    def __init__(self, fixed: tuple[float, float] | None = None, whole: bool = False) -> None:
        super().__init__()
        self.register_buffer("seen", torch.tensor(fixed or (0.0, 1.0)))
        self.stretch = nn.Parameter(torch.zeros(2), requires_grad=fixed is None)
        self.fixed, self.whole, self.active = fixed is not None, whole, True
        self.watched: list[Tensor] | None = None

    @property
    def limits(self) -> tuple[float, float]:
        """The range in force."""
        low, high = (self.seen * self.stretch.exp()).tolist()
        return low, high

    def forward(self, x: Tensor) -> Tensor:
        if self.watched is not None:
            self.watched.append(x.detach().float().flatten())
            return x
        return self.rounded(x) if self.active else x

    def rounded(self, x: Tensor) -> Tensor:
        """The nearest of 256 levels, whether or not the operation that made ``x`` stores it so."""
        share = (x.numel() * LEVELS) ** -0.5
        stretch = self.stretch * share + (self.stretch * (1 - share)).detach()
        low, high = self.seen * stretch.exp()
        scale = (high - low) / LEVELS
        zero = rounded(-low / scale)
        levels = rounded(x.float() / scale + zero).clamp(0, LEVELS)
        nearest: Tensor = ((levels - zero) * scale).to(x.dtype)
        return nearest

    def settle(self) -> None:
        """Choose the range from the observed values, and round from now on."""
        watched, self.watched = self.watched, None
        if self.fixed or not watched:
            return
        values = torch.cat(watched).numpy()
        edges = np.linspace(float(values.min()), float(values.max()) + 1e-6, BINS + 1)
        low, high = edges[0], edges[-1]
        if not self.whole:
            low, high = best_range(np.histogram(values, edges)[0].astype(np.float64), edges)
        self.seen.copy_(torch.tensor((min(0.0, low), max(1e-6, high))))


Convolution = nn.Conv2d | nn.ConvTranspose2d


class StoredConv(nn.Module):
    """A convolution whose weights are stored as INT8, a scale for each output channel.

    Its input is INT8: the output of a float operation is rounded first.
    """

    def __init__(self, conv: Convolution, source: Stored) -> None:
        super().__init__()
        self.conv, self.source = conv, source
        self.active = True

    def forward(self, x: Tensor) -> Tensor:
        weight = self.conv.weight
        if self.active:
            weight = rounded_weight(weight, self.conv.transposed)
            x = taken(x, self.source)
        return convolved(self.conv, x, weight, self.conv.bias)


def convolved(conv: Convolution, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """What ``conv`` does, with other weights."""
    if isinstance(conv, nn.ConvTranspose2d):
        stride, padding = cast("tuple[int, int]", conv.stride), cast("tuple[int, int]", conv.padding)
        return F.conv_transpose2d(x, weight, bias, stride, padding)
    return F.conv2d(x, weight, bias, conv.stride, conv.padding, groups=conv.groups)


class StoredSum(nn.Module):
    """A sum or product; in INT8 its inputs are INT8 too."""

    def __init__(
        self, operation: Callable[[Tensor, Tensor], Tensor], sources: list[Stored], to: Stored
    ) -> None:
        super().__init__()
        self.operation, self.sources, self.to_ = operation, nn.ModuleList(sources), to

    def forward(self, *terms: Tensor) -> Tensor:
        if self.to_.active:
            terms = tuple(map(taken, terms, self.sources))  # type: ignore[arg-type]
        return self.operation(*terms)


def taken(x: Tensor, source: Stored) -> Tensor:
    """``x`` from a float operation, rounded for an INT8 one."""
    return x if source.active or source.watched is not None else source.rounded(x)


def rounded(x: Tensor) -> Tensor:
    """Whole numbers, with the gradient of the identity."""
    return x + (x.round() - x).detach()


def rounded_weight(weight: Tensor, transposed: bool = False) -> Tensor:
    """Per-channel symmetric INT8 levels of a convolution's weights; a transposed one's output channels are
    the second axis."""
    others = (0, 2, 3) if transposed else (1, 2, 3)
    scale = (weight.detach().abs().amax(others, keepdim=True) / 127).clamp(min=1e-12)
    return rounded(weight / scale) * scale


@dataclass(frozen=True)
class Layer:
    """An operation that a recipe may leave in float: its scope and name there (`convert.recipes.int8`)."""

    scope: str
    operation: str
    stored: Stored
    conv: StoredConv | None

    def set(self, scheme: Scheme) -> None:
        """Compute the layer in INT8 or in float."""
        self.stored.active = scheme == "int8"
        if self.conv is not None:
            self.conv.active = scheme == "int8"


def twin(network: nn.Module, inputs: tuple[Stored, ...], output: Stored) -> fx.GraphModule:
    """A copy of the network that rounds what LiteRT stores as INT8; it shares the network's parameters."""
    traced = fx.symbolic_trace(network)
    graph, modules = traced.graph, dict(traced.named_modules())
    stored: dict[fx.Node, Stored] = {}

    def store(node: fx.Node, how: Stored) -> None:
        name = f"stored_{node.name}"
        traced.add_module(name, how)
        with graph.inserting_after(node):
            after = graph.call_module(name, (node,))
        node.replace_all_uses_with(after, delete_user_cb=lambda user: user is not after)
        stored[after] = how

    summed_for: dict[fx.Node, Stored] = {}
    ends = iter(inputs)
    last = next(node for node in graph.nodes if node.op == "output").args[0]
    for node in list(graph.nodes):
        if node.op == "placeholder":
            store(node, next(ends))
        elif _is_conv(node, modules):
            source = cast(fx.Node, node.args[0])
            if source not in stored:  # the attention's float result
                store(source, Stored())
            taken = stored[cast(fx.Node, node.args[0])]
            conv = StoredConv(cast(Convolution, modules[str(node.target)]), taken)
            node.target = f"conv_{node.name}"
            traced.add_module(node.target, conv)
            if not all(_is_relu(user) for user in node.users):
                store(node, output if node is last else Stored())
        elif _is_relu(node):
            store(node, summed_for.get(node) or Stored())
        elif node.target is F.interpolate:
            # LiteRT keeps the scale of what is enlarged.
            store(node, stored[cast(fx.Node, node.args[0])])
        elif node.target is torch.sigmoid:
            store(node, output if node is last else Stored())
        # Scores are scaled inside the attention, which stays float.
        elif _is_sum(node) and all(argument in stored for argument in node.args):
            how = output if node is last else Stored()
            sources = [stored[cast(fx.Node, argument)] for argument in node.args]
            summed = StoredSum(cast(Callable[..., Tensor], node.target), sources, how)
            traced.add_module(f"sum_{node.name}", summed)
            with graph.inserting_after(node):
                after = graph.call_module(f"sum_{node.name}", node.args)
            after.meta = node.meta
            node.replace_all_uses_with(after)
            graph.erase_node(node)
            if all(_is_relu(user) for user in after.users):
                summed_for.update(dict.fromkeys(after.users, how))
            else:
                store(after, how)
    graph.lint()
    traced.recompile()
    return traced


def _is_conv(node: fx.Node, modules: dict[str, nn.Module]) -> bool:
    return node.op == "call_module" and isinstance(modules[str(node.target)], Convolution)


def _is_relu(node: fx.Node) -> bool:
    return node.target in (F.relu, F.relu6)


def _is_sum(node: fx.Node) -> bool:
    return node.target in (operator.add, operator.mul)


def layers(part: str, graph: fx.GraphModule) -> Iterator[Layer]:
    """The operations whose results are stored, but for the part's last: others read what it stores."""
    modules = dict(graph.named_modules(remove_duplicate=False))
    for node in graph.graph.nodes:
        stored = modules.get(str(node.target))
        if not isinstance(stored, Stored) or any(user.op == "output" for user in node.users):
            continue
        made = cast(fx.Node, node.args[0])
        scope = _scope(part, made)
        module = modules.get(str(made.target))
        if isinstance(module, StoredSum):
            yield Layer(scope, "add" if module.operation is operator.add else "mul", stored, None)
        elif made.target is F.relu6:
            # Fused into the gate's convolution, whose weights are all one INT8 level.
            yield Layer(scope, "conv", stored, None)
        elif made.target is F.relu:
            taken = modules[str(cast(fx.Node, made.args[0]).target)]
            if isinstance(taken, StoredSum):
                yield Layer(scope, "add", stored, None)
            else:
                yield Layer(scope, "conv", stored, cast(StoredConv, taken))
        elif isinstance(module, StoredConv):
            yield Layer(scope, "conv", stored, module)


def named_stored(part: str, graph: fx.GraphModule) -> dict[str, Stored]:
    """Tensors that a part stores between its ends, by their names among ranges (`convert.int8.ranges`)."""
    named = {f"{layer.scope}:{layer.operation}": layer.stored for layer in layers(part, graph)}
    modules = dict(graph.named_modules(remove_duplicate=False))
    ends = {
        modules.get(str(near.target))
        for node in graph.graph.nodes
        for near in {"placeholder": node.users, "output": node.args}.get(node.op, ())
    }
    known = {*named.values(), *ends}
    for node in graph.graph.nodes:
        conv = modules.get(str(node.target))
        if isinstance(conv, StoredConv) and conv.source not in known:  # the attention's result
            named[f"{_scope(part, node)}:input"] = conv.source
    return named


def _scope(part: str, node: fx.Node) -> str:
    """The place in the network, as recipes name it."""
    return "/".join([part, *(path.rpartition(".")[2] for path in node.meta.get("nn_module_stack", {}))])
