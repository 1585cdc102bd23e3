"""Compares the output of every convolution of an artifact with PyTorch's.

A network has the same convolutions in the same order in every format, so they pair by their order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.module_tracker import ModuleTracker

from convert.formats.litert_shapes import PART
from convert.proof.gate import psnr

LITERT_CONVOLUTIONS = ("CONV_2D", "DEPTHWISE_CONV_2D")

FALL = 10.0
"""dB by which a layer's PSNR must fall below all layers before it to be where the error grows."""


@dataclass(frozen=True)
class LayerError:
    """PSNR in dB of a convolution against PyTorch's (peak-to-peak as range), and the worst before it."""

    layer: str
    psnr: float
    before: float

    def __str__(self) -> str:
        return f"The error first grows in {self.layer}: {self.psnr:.0f} dB after {self.before:.0f} dB"


class _Recorder(TorchDispatchMode):  # type: ignore[no-untyped-call]
    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.tracker = ModuleTracker()
        self.seen: list[tuple[str, NDArray[Any]]] = []

    def __torch_dispatch__(
        self, operation: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        result = operation(*args, **(kwargs or {}))
        if operation is torch.ops.aten.convolution.default:
            place = max(self.tracker.parents, key=len)
            # The outermost modules only wrap the part (`convert.mobile.parts`).
            name = "/".join(place.split(".")[2:]) or "its own convolution"
            self.seen.append((name, result.permute(0, 2, 3, 1).float().numpy()))
        return result


def trace_torch(
    network: nn.Module, inputs: Sequence[NDArray[np.float32]]
) -> list[tuple[str, NDArray[np.float32]]]:
    """Name and output, channels last, of every convolution of ``network`` in the order of execution."""
    recorder = _Recorder()
    with torch.no_grad(), recorder.tracker, recorder:
        network(*map(torch.from_numpy, inputs))
    return recorder.seen


def trace_litert(
    path: Path, function: str | None, inputs: Sequence[NDArray[Any]]
) -> list[NDArray[np.float32]]:
    """The output of every convolution of a LiteRT file, as real values; fused activations are applied."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = Interpreter(
        str(path), experimental_op_resolver_type=plain, experimental_preserve_all_tensors=True
    )
    runner = interpreter.get_signature_runner(function)
    runner(**{f"args_{index}": value for index, value in enumerate(inputs)})
    subgraph = runner._subgraph_index
    details = {d["index"]: d for d in interpreter.get_tensor_details(subgraph)}
    found, divided = [], set()
    for entry in interpreter._get_ops_details():
        index = entry["outputs"][0]
        name, kind = details[index]["name"], entry["op_name"]
        if kind in LITERT_CONVOLUTIONS and PART in name.rpartition("_")[2]:
            divided.add(name.rpartition("_")[0])
        elif kind in LITERT_CONVOLUTIONS or (kind == "DEPTH_TO_SPACE" and name in divided):
            found.append(_real(interpreter.get_tensor(index, subgraph), details[index]))
    return found


def trace_onnx(path: Path, inputs: Sequence[NDArray[Any]]) -> list[NDArray[np.float32]]:
    """The output of every convolution of an ONNX file, channels last, computed without any fusion."""
    import onnx
    import onnxruntime

    model = onnx.load(str(path))
    names = [node.output[0] for node in model.graph.node if node.op_type in ("Conv", "ConvTranspose")]
    ends = {value.name for value in model.graph.output}
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names if name not in ends)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    feeds = {value.name: array for value, array in zip(session.get_inputs(), inputs, strict=True)}
    results: list[NDArray[Any]] = session.run(names, feeds)
    return [result.transpose(0, 2, 3, 1).astype(np.float32) for result in results]


def layer_errors(
    references: Sequence[tuple[str, NDArray[np.float32]]], results: Sequence[NDArray[np.float32]]
) -> list[LayerError]:
    """The error of every convolution; empty if the artifact's don't pair with the network's."""
    if len(references) != len(results):
        return []
    errors: list[LayerError] = []
    worst = 120.0
    for (layer, reference), result in zip(references, results, strict=True):
        same = reference.shape == result.shape
        error = LayerError(layer, psnr(_activated(reference, result), result) if same else 0.0, worst)
        errors.append(error)
        worst = min(worst, error.psnr)
    return errors


def first_growth(errors: Sequence[LayerError]) -> LayerError | None:
    """The first convolution with a much larger error than all before it, else the largest fall."""
    for error in errors[1:]:
        if error.psnr < error.before - FALL:
            return error
    return max(errors, key=lambda error: error.before - error.psnr, default=None)


def _activated(reference: NDArray[np.float32], result: NDArray[np.float32]) -> NDArray[np.float32]:
    """``reference`` after the activation that seems to be fused into what gave ``result``."""
    if result.min() < 0:
        return reference
    return reference.clip(0, 6 if result.max() <= 6 < reference.max() else None)


def _real(stored: NDArray[Any], detail: dict[str, Any]) -> NDArray[np.float32]:
    scale, zero_point = detail["quantization"]
    values = stored.astype(np.float32)
    return values if scale == 0 else (values - zero_point) * np.float32(scale)
