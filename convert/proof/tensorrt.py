"""Whether TensorRT admits an ONNX file, as far as its documentation says and without running it.

The rules are those of explicit quantization in TensorRT 10: a fixed shape for every tensor that comes in or
goes out, INT8 with zero points of 0, activations with one scale, weights with one scale for each output
channel, biases in floating point, and operations that the parser knows with the attributes it takes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from convert.formats.onnx import ALLOWED, WEIGHT_AXES

OPSETS = range(13, 21)
"""From the first with scales for each channel to the last that TensorRT 10.3 parses."""
RESIZE = {
    "mode": ("nearest", "linear"),
    "coordinate_transformation_mode": ("half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel"),
    "nearest_mode": ("floor", "ceil", "round_prefer_floor", "round_prefer_ceil"),
}
"""The attributes of Resize that TensorRT's parser takes."""


def refusals(path: Path) -> list[str]:
    """What TensorRT would refuse in an ONNX file, each as a sentence; empty if it admits the file."""
    import onnx

    return list(_refused(onnx.load(str(path))))


def float_weights(path: Path) -> list[str]:
    """The operations of an INT8 file that compute in floating point, since their weights are not INT8."""
    import onnx

    graph = onnx.load(str(path)).graph
    constants = {constant.name for constant in graph.initializer}
    return [
        f"{node.op_type} {node.name}"
        for node in graph.node
        if node.op_type in WEIGHT_AXES and node.input[1] in constants
    ]


def _refused(model: Any) -> Iterator[str]:
    import onnx
    from onnx import helper, numpy_helper

    opsets = {entry.domain: entry.version for entry in model.opset_import}
    if set(opsets) != {""} or opsets[""] not in OPSETS:
        yield f"opset {opsets}"
    graph = model.graph
    constants = {constant.name: numpy_helper.to_array(constant) for constant in graph.initializer}
    made = {name: node for node in graph.node for name in node.output}
    for value in (*graph.input, *graph.output):
        tensor = value.type.tensor_type
        if any(not axis.HasField("dim_value") or axis.dim_value < 1 for axis in tensor.shape.dim):
            yield f"{value.name} has no fixed shape"
        if tensor.elem_type not in (onnx.TensorProto.FLOAT, onnx.TensorProto.INT8):
            yield f"{value.name} is {helper.tensor_dtype_to_string(tensor.elem_type)}"
    for node in graph.node:
        attributes = {each.name: helper.get_attribute_value(each) for each in node.attribute}
        if node.op_type not in ALLOWED:
            yield f"{node.name} is {node.op_type}"
        if node.op_type in ("QuantizeLinear", "DequantizeLinear"):
            yield from _refused_scales(node, constants)
        if node.op_type in WEIGHT_AXES:
            yield from _refused_weights(node, constants, made)
        if node.op_type == "Resize":
            for name, taken in RESIZE.items():
                given = attributes.get(name, taken[0].encode()).decode()
                if given not in taken:
                    yield f"{node.name} resizes with {name} {given}"


def _refused_scales(node: Any, constants: dict[str, Any]) -> Iterator[str]:
    scale = constants.get(node.input[1])
    if scale is None:
        yield f"{node.name} has a scale that is computed"
    elif scale.dtype != np.float32 or not np.all(np.isfinite(scale) & (scale > 0)):
        yield f"{node.name} has a scale that is no positive float32"
    elif node.op_type == "QuantizeLinear" and scale.size != 1:
        yield f"{node.name} quantizes an activation with {scale.size} scales"
    if len(node.input) < 3 or node.input[2] not in constants:
        yield f"{node.name} does not say that it is INT8 with a zero point of 0"
        return
    zero_point = constants[node.input[2]]
    if zero_point.dtype != np.int8:
        yield f"{node.name} is {zero_point.dtype}"
    if np.any(zero_point):
        yield f"{node.name} has a zero point other than 0"


def _refused_weights(node: Any, constants: dict[str, Any], made: dict[str, Any]) -> Iterator[str]:
    if len(node.input) > 2 and node.input[2] not in constants:
        yield f"{node.name} has a bias that is computed or quantized"
    stored = made.get(node.input[1])
    if stored is None:
        return
    if stored.op_type != "DequantizeLinear" or stored.input[0] not in constants:
        yield f"{node.name} has weights that are computed"
        return
    axis = next((each.i for each in stored.attribute if each.name == "axis"), 1)
    channels = constants[stored.input[0]].shape[WEIGHT_AXES[node.op_type]]
    if constants[stored.input[1]].shape != (channels,) or axis != WEIGHT_AXES[node.op_type]:
        yield f"{node.name} has weights without a scale for each output channel"
