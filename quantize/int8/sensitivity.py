"""Finds the layers that lose most in INT8, and the cheapest recipe that meets the gate.

Each layer is left in float by itself, and all sums together: one sum in float is rounded at the next and
gains nothing alone. Then they stay float in the order of what they gain for their cost, until the gate is
met; at last those that turn out not to be needed go back to INT8.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor

from convert.int8.twin import Layer
from convert.recipes.int8 import Int8Recipe, Rule
from edge.files import written_beside
from quantize.int8.fake_quant import FakeQuantized

FLOAT_CONV = 3.0
"""Additional cost of a convolution in float, in units of its INT8 time: networks took 3.7 times as long in
float32 as in INT8 (docs/reference/figures.md)."""

FLOAT_SUM = 115.0
"""Cost of storing a value as float and rounding it for the next convolution, in INT8 multiply-accumulates:
 measured on the mapper, whose three sums in float made it 9 % slower."""


@dataclass(frozen=True)
class Proof:
    """Held-out crops: clean, old without scratches, old with scratches and their masks."""

    clean: Tensor
    intact: Tensor
    scratched: Tensor
    masks: Tensor


@dataclass(frozen=True)
class Point:
    """A recipe on the curve: what its float layers cost, as a share of all INT8 work, and what it reaches.

    ``output`` is the PSNR in dB of INT8 pictures against float ones, ``loss`` what INT8 loses against the
    clean pictures in dB.
    """

    float_layers: tuple[str, ...]
    cost: float
    output: float
    loss: float


@dataclass(frozen=True)
class Found:
    """The chosen recipe's point, the way there, and what each layer gains alone (dB of output PSNR; a sum:
    what all sums gain together)."""

    chosen: Point
    curve: tuple[Point, ...]
    alone: dict[str, float]


@torch.no_grad()
def search(
    network: FakeQuantized, proof: Proof, least: float, max_loss: float, on_progress: Callable[[str], None]
) -> Found:
    """Find the cheapest layers to leave in float so that INT8 reaches ``least`` dB and loses at most
    ``max_loss`` dB. If no choice does, the best one found is returned."""
    layers = network.layers()
    costs = _costs(network, layers)
    exact = _pictures(network.restorer, proof)
    truth = torch.cat((proof.clean, proof.clean))
    best = _psnr(exact, truth)

    def measure(floats: list[int]) -> Point:
        for index, layer in enumerate(layers):
            layer.set("float" if index in floats else "int8")
        pictures = _pictures(network, proof)
        names = tuple(_name(layers[index]) for index in floats)
        cost = sum(costs[index] for index in floats)
        return Point(names, cost, _psnr(pictures, exact), best - _psnr(pictures, truth))

    def met(point: Point) -> bool:
        return point.output >= least and point.loss <= max_loss

    curve = [measure([])]
    gains = []
    groups = _groups(layers)
    for group in groups:
        on_progress(f"{_name(layers[group[0]])} alone")
        gains.append(measure(group).output - curve[0].output)
    worth = [gain / sum(costs[i] for i in group) for gain, group in zip(gains, groups, strict=True)]
    chosen: list[int] = []
    for _, group in sorted(zip(worth, groups, strict=True), reverse=True):
        if met(curve[-1]):
            break
        chosen += group
        on_progress(f"{len(chosen)} layers in float: {curve[-1].output:.1f} dB")
        curve.append(measure(chosen))
    for index in sorted(chosen, key=lambda index: -costs[index]):
        fewer = measure([kept for kept in chosen if kept != index])
        if met(fewer):
            chosen.remove(index)
            curve.append(fewer)
    alone = {
        _name(layers[index]): gain for gain, group in zip(gains, groups, strict=True) for index in group
    }
    return Found(measure(chosen), tuple(curve), alone)


def recipe_of(found: Found, base: Int8Recipe) -> Int8Recipe:
    """A recipe with the found float layers; ``base``'s rules for the attention stay in front."""
    attention = tuple(rule for rule in base.rules if not re.fullmatch(rule.operation, "add"))
    rules = [
        Rule(re.escape(scope), operation, "float", f"{found.alone[name]:+.2f} dB alone")
        for name in found.chosen.float_layers
        for scope, _, operation in [name.partition(":")]
    ]
    return Int8Recipe(1, (*attention, *rules))


def plot(found: Found, path: Path) -> None:
    """Draw output PSNR and loss against cost."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.6), layout="constrained")
    for place, (name, unit) in enumerate((("output", "INT8 against float, dB"), ("loss", "lost, dB")), 1):
        panel = figure.add_subplot(1, 2, place)
        points = [(100 * point.cost, asdict(point)[name]) for point in found.curve]
        panel.plot(*zip(*points, strict=True), marker=".", color="#35618f")
        panel.plot(100 * found.chosen.cost, asdict(found.chosen)[name], "o", color="#b3372b")
        panel.set_xlabel("added cost, % of the INT8 networks")
        panel.set_ylabel(unit)
        panel.grid(alpha=0.3)
    with written_beside(path) as out:
        figure.savefig(out, format="png", dpi=110)


def _groups(layers: list[Layer]) -> list[list[int]]:
    sums = [index for index, layer in enumerate(layers) if layer.operation == "add"]
    return [[index] for index in range(len(layers)) if index not in sums] + [sums]


def _name(layer: Layer) -> str:
    return f"{layer.scope}:{layer.operation}"


def _pictures(network: torch.nn.Module, proof: Proof) -> Tensor:
    restored = torch.cat((network(proof.intact), network(proof.scratched, proof.masks)))
    return (restored.clamp(0, 1) * 255).round() / 255


def _psnr(pictures: Tensor, reference: Tensor) -> float:
    squares = (pictures - reference).square().mean((1, 2, 3)).clamp(min=1e-10)
    return float((-10 * squares.log10()).mean())


def _costs(network: FakeQuantized, layers: list[Layer]) -> list[float]:
    """Added cost of each layer in float, as a share of all convolutions' multiply-accumulates in INT8."""
    convs = [layer.conv.conv.weight.numel() if layer.conv else 0 for layer in layers]
    whole = sum(convs)
    return [
        (FLOAT_CONV * macs if macs else FLOAT_SUM * network.restorer.encoder.enter.out_channels) / whole
        for macs in convs
    ]
