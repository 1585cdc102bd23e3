"""Rules of each target: operations that it refuses, runs slowly or computes inexactly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any, Literal

from torch.fx import Node

Target = Literal["xnnpack", "litert-gpu", "neural-engine", "tensorrt"]
TARGETS: tuple[Target, ...] = ("xnnpack", "litert-gpu", "neural-engine", "tensorrt")
Verdict = Literal["refused", "slow", "inexact"]

FLOAT16_LARGEST = 65504
LONG_SUM = FLOAT16_LARGEST // 16
"""Terms from which a float16 sum overflows where values reach 16."""

GPU_SOURCE = "https://github.com/tensorflow/tensorflow/blob/master/tensorflow/lite/tools/versioning/gpu_compatibility.cc"
ANE_SOURCE = "https://github.com/hollance/neural-engine/blob/master/docs/unsupported-layers.md"
GPU_FLOAT16_SOURCE = "https://www.tensorflow.org/lite/performance/gpu"
FLOAT16_SOURCE = "https://github.com/hollance/neural-engine/blob/master/docs/16-bit.md"
MEASURED = "measured"


@dataclass(frozen=True)
class Rule:
    """One problem of one target. ``operations`` are names of aten operations without their overload;
    ``applies`` checks shapes and attributes."""

    target: Target
    operations: tuple[str, ...]
    verdict: Verdict
    why: str
    rewrite: str
    source: str
    when: str = ""
    applies: Callable[[Node], bool] = lambda node: True


def shape(value: Any) -> tuple[int, ...]:
    """Shape of a node's output; empty unless it is a tensor of fixed shape."""
    held = value.meta.get("val") if isinstance(value, Node) else None
    sizes = getattr(held, "shape", ())
    return tuple(sizes) if all(isinstance(size, int) for size in sizes) else ()


def _argument(node: Node, index: int, name: str, default: Any = None) -> Any:
    return node.args[index] if len(node.args) > index else node.kwargs.get(name, default)


def _mode(*names: str) -> Callable[[Node], bool]:
    return lambda node: _argument(node, 2, "mode", "constant") in names


def _dilated(node: Node) -> bool:
    dilation = _argument(node, 5, "dilation", 1)
    return any(step > 1 for step in (dilation if isinstance(dilation, (list, tuple)) else (dilation,)))


def _long_plane(node: Node) -> bool:
    sizes = shape(node.args[0])
    if "instance_norm" in str(node.target):
        return prod(sizes[2:]) > LONG_SUM
    return prod(sizes) > LONG_SUM * prod(shape(node))


REFLECTION = ("reflection_pad1d", "reflection_pad2d", "pad")
REPLICATION = ("replication_pad2d", "pad")
COMPARISONS = ("gt", "ge", "lt", "le", "eq", "ne", "where", "masked_fill")
GATHERING = ("gather", "index")


def _padded(mode: str) -> Callable[[Node], bool]:
    chosen = _mode(mode)
    return lambda node: "_pad" in str(node.target) or chosen(node)


_LEFT = "The XNNPACK delegate leaves it to the interpreter's own kernel and the graph is cut there."

RULES: tuple[Rule, ...] = (
    Rule("xnnpack", REFLECTION, "slow", _LEFT, "Pad with zeros, or let the runtime mirror the tile.",
         MEASURED, "reflection", _padded("reflect")),
    Rule("xnnpack", REPLICATION, "slow", _LEFT, "Pad with zeros, or let the runtime widen the tile.",
         MEASURED, "replication", _padded("replicate")),
    Rule("xnnpack", ("upsample_nearest2d",), "slow", _LEFT,
         "Resize bilinearly, or let the runtime do it.", MEASURED),
    Rule("xnnpack", COMPARISONS, "slow", _LEFT,
         "Make the mask by a clamp or ReLU6, and choose by multiplying and adding.", MEASURED),
    Rule("xnnpack", GATHERING, "slow", _LEFT, "Use slices, or select in the runtime.", MEASURED),
    Rule("xnnpack", ("argmax", "cumsum"), "slow", _LEFT, "Do it in the runtime.", MEASURED),
    Rule("xnnpack", ("topk", "sort"), "refused",
         "It becomes STABLEHLO_SORT, for which the interpreter has no kernel.",
         "Do it in the runtime.", MEASURED),
    Rule("litert-gpu", GATHERING, "refused",
         "It becomes GATHER_ND, which is not among the delegate's operations.",
         "Use slices, or select in the runtime.", GPU_SOURCE),
    Rule("litert-gpu", ("argmax", "topk", "sort"), "refused",
         "ARG_MAX and sorting are not among the delegate's operations.", "Do it in the runtime.",
         GPU_SOURCE),
    Rule("litert-gpu", REPLICATION, "refused",
         "Of the mirroring pads the delegate has only the reflection.",
         "Pad with zeros, or let the runtime widen the tile.", GPU_SOURCE, "replication",
         _padded("replicate")),
    Rule("litert-gpu", ("instance_norm", "mean", "sum"), "inexact",
         "A float16 sum over so many pixels can pass 65504.",
         "Compute the statistics in the runtime in float32, or sum in stages (mean of row means).",
         GPU_FLOAT16_SOURCE, f"more than {LONG_SUM} pixels", _long_plane),
    Rule("neural-engine", ("instance_norm", "mean", "sum"), "inexact",
         "The engine computes in float16, where a sum over so many pixels can pass 65504.",
         "Compute the statistics in the runtime in float32, or sum in stages (mean of row means).",
         FLOAT16_SOURCE, f"more than {LONG_SUM} pixels", _long_plane),
    Rule("neural-engine", GATHERING, "slow", "Gathering was seen to leave the Neural Engine.",
         "Use slices, or select in the runtime.", ANE_SOURCE),
    Rule("neural-engine", ("conv2d", "convolution"), "slow",
         "Dilated convolutions were seen to leave the Neural Engine.",
         "Use plain 3x3 convolutions, more of them.", ANE_SOURCE, "dilation above 1", _dilated),
)  # fmt: skip
"""Rules for every operation of a network. TensorRT refused none in float32."""


def rules_table() -> str:
    """The rules as a table in Markdown, for docs/toolkit/doctor.md."""
    rows = ["| target | operation | when | verdict | why | rewrite | source |", "|" + "---|" * 7]
    rows += [
        f"| {rule.target} | {', '.join(rule.operations)} | {rule.when} | {rule.verdict} | {rule.why} "
        f"| {rule.rewrite} | {rule.source} |"
        for rule in RULES
    ]
    return "\n".join(rows) + "\n"
