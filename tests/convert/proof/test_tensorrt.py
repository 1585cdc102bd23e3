"""Every ONNX file that ships is admissible to TensorRT, and files that are not are told from them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.bundle.bundle import SHIPPED, open_bundle

onnx = pytest.importorskip("onnx")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from convert.proof.tensorrt import float_weights, refusals  # noqa: E402

FILES = sorted(path.relative_to(SHIPPED).as_posix() for path in SHIPPED.rglob("*.onnx"))
IN_FLOAT = {"scratch/int8-128x128.onnx": ["ConvTranspose", *["Conv"] * 6]}
"""Operations of INT8 files that stay in floating point: the first four of the damage detector."""


def test_all_of_the_manifests_files_are_looked_at() -> None:
    parts = open_bundle().manifest.parts.values()
    listed = {
        tile.file
        for part in parts
        for artifact in part.artifacts
        if artifact.format == "onnx"
        for tile in artifact.tiles
    }
    assert set(FILES) == listed and len(FILES) > 10


@pytest.mark.parametrize("name", FILES)
def test_what_ships_is_admissible(name: str) -> None:
    assert refusals(SHIPPED / name) == []


@pytest.mark.parametrize("name", [name for name in FILES if "int8" in name])
def test_int8_files_compute_in_int8_but_for_what_is_listed(name: str) -> None:
    assert [entry.split()[0] for entry in float_weights(SHIPPED / name)] == IN_FLOAT.get(name, [])


def first(model: Any, kind: str) -> Any:
    return next(node for node in model.graph.node if node.op_type == kind)


def constant(model: Any, name: str) -> Any:
    return next(value for value in model.graph.initializer if value.name == name)


def change(model: Any, name: str, values: Any) -> None:
    constant(model, name).CopyFrom(numpy_helper.from_array(values, name))


def zero_point(model: Any) -> None:
    name = first(model, "QuantizeLinear").input[2]
    change(model, name, numpy_helper.to_array(constant(model, name)) + np.int8(3))


def unsigned(model: Any) -> None:
    change(model, first(model, "QuantizeLinear").input[2], np.uint8(0))


def no_zero_point(model: Any) -> None:
    del first(model, "QuantizeLinear").input[2]


def negative_scale(model: Any) -> None:
    change(model, first(model, "QuantizeLinear").input[1], np.float32(-1))


def many_scales(model: Any) -> None:
    change(model, first(model, "QuantizeLinear").input[1], np.ones(48, np.float32))


def one_scale_for_all_weights(model: Any) -> None:
    weight = first(model, "Conv").input[1]
    node = next(node for node in model.graph.node if weight in node.output)
    change(model, node.input[1], np.float32(0.1))


def quantized_bias(model: Any) -> None:
    conv = first(model, "Conv")
    names = ["bias_int32", "bias_scale"]
    values = (np.zeros(48, np.int32), np.float32(0.1))
    model.graph.initializer.extend(
        numpy_helper.from_array(*pair) for pair in zip(values, names, strict=True)
    )
    model.graph.node.insert(0, helper.make_node("DequantizeLinear", names, ["bias_float"]))
    conv.input[2] = "bias_float"


def any_height(model: Any) -> None:
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_param = "height"


def other_operation(model: Any) -> None:
    first(model, "Relu").op_type = "Loop"


def bytes_in(model: Any) -> None:
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.UINT8


def old_opset(model: Any) -> None:
    model.opset_import[0].version = 11


def own_domain(model: Any) -> None:
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))


@pytest.mark.parametrize(
    ("damage", "sentence"),
    (
        (zero_point, "zero point other than 0"),
        (unsigned, "is uint8"),
        (no_zero_point, "does not say"),
        (negative_scale, "no positive float32"),
        (many_scales, "48 scales"),
        (one_scale_for_all_weights, "without a scale for each output channel"),
        (quantized_bias, "bias that is computed or quantized"),
        (any_height, "no fixed shape"),
        (other_operation, "is Loop"),
        (bytes_in, "UINT8"),
        (old_opset, "opset"),
        (own_domain, "com.microsoft"),
    ),
)
def test_what_is_not_admissible_is_named(
    tmp_path: Path, damage: Callable[[Any], None], sentence: str
) -> None:
    model = onnx.load(str(SHIPPED / "mapper/int8-64x64.onnx"))
    damage(model)
    onnx.save(model, str(tmp_path / "a.onnx"))
    assert any(sentence in refusal for refusal in refusals(tmp_path / "a.onnx"))


def test_a_resize_that_tensorrt_does_not_take_is_named(tmp_path: Path) -> None:
    model = onnx.load(str(SHIPPED / "face/int8-64x64.onnx"))
    resize = first(model, "Resize")
    kept = [each for each in resize.attribute if each.name != "mode"]
    del resize.attribute[:]
    resize.attribute.extend([*kept, helper.make_attribute("mode", "cubic")])
    onnx.save(model, str(tmp_path / "a.onnx"))
    assert [refusal for refusal in refusals(tmp_path / "a.onnx") if "mode cubic" in refusal]
