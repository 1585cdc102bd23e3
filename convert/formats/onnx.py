"""ONNX files: float32, float16 and INT8, one for each tile size.

The files run in ONNX Runtime on a CPU and in TensorRT: fixed shapes, a short list of operations, and INT8
with zero points of 0 (TensorRT refuses others: NVIDIA/TensorRT issue 4698). Weights and activations are
signed, since unsigned activations saturate on older x86 (`edge.runtimes.onnx` keeps them signed).
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import numpy as np
import torch
from torch import Tensor, nn

from convert.errors import OperationRefused
from convert.formats.labels import AUTHOR, Label, end_description, part_description
from convert.formats.litert import quiet
from convert.mobile.parts import PartSource
from edge.bundle.manifest import PublishedName
from edge.files import written_beside

OPSET = 18

WEIGHT_AXES = {"Conv": 0, "ConvTranspose": 1, "Gemm": 0}
"""Axis of an operation's weights that holds the output channels."""

ALLOWED: dict[str, str] = {
    "Conv": "the networks themselves",
    "ConvTranspose": "the damage detector's stem, which reads cells",
    "Relu": "between convolutions",
    "Clip": "the global branch's gate",
    "Add": "residual blocks",
    "Mul": "the global branch's gate, the scale of attention, the face network's steering",
    "Resize": "the face network's and the damage detector's growing maps",
    "MatMul": "attention",
    "Gemm": "the tone network",
    "Softmax": "attention",
    "Sigmoid": "the damage detector's probability",
    "Transpose": "channels last to first and back",
    "Reshape": "the tone network's curves",
    "Unsqueeze": "attention",
    "ReduceMean": "the tone network, once a photo",
    "ReduceMax": "the tone network, once a photo",
    "Concat": "the tone network, once a photo",
    "Slice": "the tone network, once a photo",
    "Cast": "at the ends of float16 files",
    "QuantizeLinear": "INT8 activations",
    "DequantizeLinear": "INT8 activations and weights",
}
"""Operations that a file may contain, and why. TensorRT supports all (operators.md of onnx-tensorrt)."""


PUBLISHED: dict[str, str] = {
    **dict.fromkeys(("Tanh", "LeakyRelu"), "the networks themselves"),
    **dict.fromkeys(("Sub", "Div", "Abs", "ReduceSum", "Max", "Sqrt", "Reciprocal"), "norms"),
    **dict.fromkeys(("Min", "Greater", "Gather"), "masks"),
    **dict.fromkeys(("Pad", "Expand"), "reflected borders, growing maps"),
}
"""Further operations of the published networks, and why."""


class Float16(nn.Module):
    """A network that computes in float16 and has float32 ends."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = copy.deepcopy(network).half()

    def forward(self, *inputs: Tensor) -> Tensor:
        out: Tensor = self.network(*(x.half() for x in inputs))
        return out.float()


def convert_onnx(
    source: PartSource,
    network: nn.Module,
    examples: Sequence[Tensor],
    label: Label,
    path: Path,
    int8_weights: bool = False,
) -> None:
    """Write ``network``, ``source``'s or a version of it, for inputs of the shapes and types of
    ``examples``; they are ``args_0``..., the output ``output_0``. Raises OperationRefused."""
    import onnx

    inputs = [f"args_{index}" for index in range(len(source.inputs))]
    with quiet():
        program = torch.onnx.export(
            network,
            tuple(examples),
            dynamo=True,
            opset_version=OPSET,
            input_names=inputs,
            output_names=["output_0"],
            verbose=False,
        )
    assert program is not None
    model = program.model_proto
    del model.metadata_props[:]
    for node in model.graph.node:
        del node.metadata_props[:]  # the exporter's own paths and stack traces
    model.producer_name, model.producer_version = AUTHOR, label.version
    model.doc_string = part_description(source)
    about = {"licence": label.licence, "version": label.version, "data": label.data, "author": AUTHOR}
    onnx.helper.set_model_props(model, about)
    ends = zip((*model.graph.input, *model.graph.output), (*source.inputs, source.output), strict=True)
    for value, end in ends:
        value.doc_string = end_description(end)
    if int8_weights:
        store_weights_as_int8(model)
    check_model(model, path.name, source.name in get_args(PublishedName))
    with written_beside(path) as out:
        out.write(model.SerializeToString())


def store_weights_as_int8(model: Any) -> None:
    """Replace the weights of convolutions and matrix products by INT8 ones, each output channel with a
    scale of its own, and operations that give them back. In place."""
    from onnx import helper, numpy_helper

    constants = {constant.name: constant for constant in model.graph.initializer}
    nodes = []
    for node in model.graph.node:
        stored = constants.get(node.input[1]) if node.op_type in WEIGHT_AXES else None
        if stored is not None:
            weights = numpy_helper.to_array(stored)
            axis = WEIGHT_AXES[node.op_type]
            others = tuple(each for each in range(weights.ndim) if each != axis)
            scale = np.maximum(np.abs(weights).max(others), np.finfo(np.float32).tiny) / 127
            shape = [-1 if each == axis else 1 for each in range(weights.ndim)]
            levels = np.round(weights / scale.reshape(shape)).astype(np.int8)
            names = [f"{stored.name}_{what}" for what in ("int8", "scale", "float")]
            model.graph.initializer.remove(stored)
            model.graph.initializer.extend(
                numpy_helper.from_array(value, name)
                for value, name in zip((levels, scale.astype(np.float32)), names, strict=False)
            )
            nodes.append(helper.make_node("DequantizeLinear", names[:2], names[2:], axis=axis))
            node.input[1] = names[2]
        nodes.append(node)
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def check_model(model: object, name: str, published: bool = False) -> None:
    """Raise OperationRefused if a model (``onnx.ModelProto``) has an operation, shape or zero point that
    TensorRT or ONNX Runtime's CPU may refuse; ``published`` networks may have more operations."""
    import onnx
    from onnx import numpy_helper

    assert isinstance(model, onnx.ModelProto)
    onnx.checker.check_model(model, full_check=True)
    allowed = ALLOWED.keys() | (PUBLISHED.keys() if published else set())
    refused = sorted({node.op_type for node in model.graph.node} - allowed)
    if refused:
        raise OperationRefused(
            f"{name} contains {', '.join(refused)}, which TensorRT may refuse: rewrite the network "
            "with the operations listed in docs/toolkit/converting.md."
        )
    values = {constant.name: constant for constant in model.graph.initializer}
    for node in model.graph.node:
        zero_points = node.input[2:] if node.op_type in ("QuantizeLinear", "DequantizeLinear") else ()
        if any(np.any(numpy_helper.to_array(values[zero_point])) for zero_point in zero_points):
            raise OperationRefused(
                f"{name} stores {node.input[0]} with a zero point other than 0, which TensorRT refuses: "
                "use ranges that are symmetric around 0."
            )
    for value in model.graph.input:
        if any(not axis.HasField("dim_value") for axis in value.type.tensor_type.shape.dim):
            raise OperationRefused(f"{name}: {value.name} has no fixed shape: give examples of one size.")


def operations(path: Path) -> Counter[str]:
    """How often each operation occurs in a file."""
    import onnx

    return Counter(node.op_type for node in onnx.load(str(path)).graph.node)
