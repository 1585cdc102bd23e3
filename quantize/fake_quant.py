"""The mobile restore path as INT8 will compute it, in torch and differentiable.

Every tensor that the converter stores as INT8 is rounded to 256 levels of a learnable range, and every
convolution's weights to 255 levels per output channel (the scheme of ``static_wi8_ai8``: symmetric weights,
asymmetric activations). Attention stays float, as in `convert.litert`. Rounding passes gradients through
(straight-through estimator), clipping passes them to the range (Esser et al. 2020, learned step size).
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator
from typing import cast

import numpy as np
import torch
from torch import Tensor, fx, nn
from torch.nn import functional as F

from convert.nets.mobile import MobileRestorer
from convert.nets.mobile.blocks import to_cells, to_pixels
from convert.nets.mobile.restorer import pool_context
from convert.ranges import BINS, best_share

LEVELS = 255


class Stored(nn.Module):
    """An activation stored as INT8; first it watches, then it rounds to the range it has seen.

    ``fixed`` ranges don't learn. ``whole`` ones span all they saw; others are narrowed to where clipping
    and rounding together err least.
    """

    low: Tensor
    high: Tensor

    def __init__(self, fixed: tuple[float, float] | None = None, whole: bool = False) -> None:
        super().__init__()
        limits = torch.tensor(fixed or (0.0, 0.0))
        self.low = nn.Parameter(limits[0].clone(), requires_grad=fixed is None)
        self.high = nn.Parameter(limits[1].clone(), requires_grad=fixed is None)
        self.fixed, self.whole, self.active = fixed is not None, whole, True
        self.watched: list[Tensor] | None = None

    def forward(self, x: Tensor) -> Tensor:
        if self.watched is not None:
            self.watched.append(x.detach().float().flatten())
            return x
        if not self.active:
            return x
        low, high = self.low.clamp(max=0), self.high.clamp(min=1e-6)
        scale = (high - low) / LEVELS
        zero = rounded(-low / scale)
        levels = rounded(x.float() / scale + zero).clamp(0, LEVELS)
        return ((levels - zero) * scale).to(x.dtype)

    def settle(self) -> None:
        """Choose the range from what was watched, and round from now on."""
        watched, self.watched = self.watched, None
        if self.fixed or not watched:
            return
        values = torch.cat(watched).numpy()
        edges = np.linspace(float(values.min()), float(values.max()) + 1e-6, BINS + 1)
        share = 1.0 if self.whole else best_share(np.histogram(values, edges)[0].astype(np.float64), edges)
        with torch.no_grad():
            self.low.fill_(min(0.0, edges[0] * share))
            self.high.fill_(max(0.0, edges[-1] * share))


class StoredConv(nn.Module):
    """A convolution whose weights are stored as INT8, a scale for each output channel."""

    def __init__(self, conv: nn.Conv2d) -> None:
        super().__init__()
        self.conv = conv
        self.active = True

    def forward(self, x: Tensor) -> Tensor:
        weight = self.conv.weight
        if self.active:
            weight = rounded_weight(weight)
        return F.conv2d(x, weight, self.conv.bias, self.conv.stride, self.conv.padding)


def rounded(x: Tensor) -> Tensor:
    """Whole numbers, with the gradient of the identity."""
    return x + (x.round() - x).detach()


def rounded_weight(weight: Tensor) -> Tensor:
    """Per-channel symmetric INT8 levels of a convolution's weights."""
    scale = (weight.detach().abs().amax((1, 2, 3), keepdim=True) / 127).clamp(min=1e-12)
    return rounded(weight / scale) * scale


class FakeQuantized(nn.Module):
    """A `MobileRestorer` as INT8 computes it, on the restorer's own weights.

    Call :meth:`watch` on a few batches before anything else.
    """

    def __init__(self, restorer: MobileRestorer) -> None:
        super().__init__()
        photo, mask = Stored((0.0, 1.0)), Stored((0.0, 1.0))
        encoded, mapped = Stored(), Stored()
        residual = Stored(whole=True)
        self.restorer = restorer
        self.encoder = twin(restorer.encoder, (photo,), encoded)
        self.local = twin(_Local(restorer.mapper.blocks), (encoded,), mapped)
        self.joined = twin(restorer.mapper, (encoded, mask, encoded), mapped)
        self.decoder = twin(restorer.decoder, (mapped,), residual)

    def forward(self, photo: Tensor, mask: Tensor | None = None, grid: int = 16) -> Tensor:
        """As `MobileRestorer.forward`; in float32, since bfloat16 rounds as coarsely as INT8."""
        with torch.autocast(photo.device.type, enabled=False):
            return self._restored(photo, mask, grid)

    def _restored(self, photo: Tensor, mask: Tensor | None, grid: int) -> Tensor:
        latent = self.encoder(to_cells(photo))
        if mask is None:
            mapped = self.local(latent)
        else:
            cells = to_cells(mask)
            mapped = self.joined(latent, cells, pool_context(latent, cells, grid))
        return photo + to_pixels(self.decoder(mapped))

    @torch.no_grad()
    def watch(self, batches: Iterable[tuple[Tensor, ...]]) -> None:
        """Find the ranges: each of ``batches`` holds the arguments of :meth:`forward`."""
        for stored in self.all_stored().values():
            stored.watched = []
        for batch in batches:
            self(*batch)
        for stored in self.all_stored().values():
            stored.settle()

    def all_stored(self) -> dict[str, Stored]:
        """Every stored activation by its first name: ``part.operation``."""
        return {name: module for name, module in self.named_modules() if isinstance(module, Stored)}

    def all_convs(self) -> dict[str, StoredConv]:
        """Every convolution by its first name."""
        return {name: module for name, module in self.named_modules() if isinstance(module, StoredConv)}


class _Local(nn.Module):
    def __init__(self, blocks: nn.ModuleList) -> None:
        super().__init__()
        self.blocks = nn.Sequential(*blocks)

    def forward(self, latent: Tensor) -> Tensor:
        out: Tensor = self.blocks(latent)
        return out


def twin(network: nn.Module, inputs: tuple[Stored, ...], output: Stored) -> fx.GraphModule:
    """The network with what LiteRT stores as INT8 rounded; it shares the network's parameters."""
    traced = fx.symbolic_trace(network)
    graph = traced.graph
    stored: set[fx.Node] = set()

    def store(node: fx.Node, how: Stored) -> fx.Node:
        name = f"stored_{node.name}"
        traced.add_module(name, how)
        with graph.inserting_after(node):
            after = graph.call_module(name, (node,))
        node.replace_all_uses_with(after, delete_user_cb=lambda user: user is not after)
        stored.add(after)
        return after

    modules = dict(traced.named_modules())
    ends = iter(inputs)
    last = next(node for node in graph.nodes if node.op == "output").args[0]
    for node in list(graph.nodes):
        if node.op == "placeholder":
            store(node, next(ends))
        elif _is_conv(node, modules):
            conv = cast(nn.Conv2d, modules[str(node.target)])
            traced.add_submodule(f"conv_{node.name}", StoredConv(conv))
            node.target = f"conv_{node.name}"
            source = cast(fx.Node, node.args[0])
            if source not in stored:
                node.update_arg(0, _stored_before(graph, traced, node, source, stored))
            if not all(_is_relu(user) for user in node.users):
                store(node, output if node is last else Stored())
        elif _is_relu(node) or node.target in (operator.add, operator.mul):
            # Scores are scaled inside the attention, which stays float.
            inside = not _is_relu(node) and not any(argument in stored for argument in node.args)
            if not inside:
                store(node, output if node is last else Stored())
    graph.lint()
    traced.recompile()
    return traced


def _stored_before(
    graph: fx.Graph, traced: fx.GraphModule, node: fx.Node, source: fx.Node, stored: set[fx.Node]
) -> fx.Node:
    """Round a float result (the attention's) where a convolution takes it."""
    name = f"stored_{source.name}"
    traced.add_module(name, Stored())
    with graph.inserting_before(node):
        after = graph.call_module(name, (source,))
    stored.add(after)
    return after


def _is_conv(node: fx.Node, modules: dict[str, nn.Module]) -> bool:
    return node.op == "call_module" and isinstance(modules[str(node.target)], nn.Conv2d)


def _is_relu(node: fx.Node) -> bool:
    return node.target in (F.relu, F.relu6)


def quantizers(network: FakeQuantized) -> Iterator[tuple[str, Stored | StoredConv]]:
    """All that rounds, by name."""
    yield from network.all_stored().items()
    yield from network.all_convs().items()
