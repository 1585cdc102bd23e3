"""ONNX files of small networks: equal to PyTorch, and what TensorRT would refuse is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from convert.errors import OperationRefused
from convert.formats.labels import Label
from convert.formats.onnx import Float16, convert_onnx
from convert.int8.qdq import end_ranges, quantized, scale_and_zero_point
from convert.mobile.samples import tile_samples
from convert.proof.gate import psnr
from convert.recipes.int8 import load_recipe
from tests.convert.converted import PARTS, ROUNDED_APART, Converted, levels
from tests.edge.bundles import TILES, old_photos, sources

LABEL = Label("3", "Apache-2.0", "noise")


def run(path: Path, inputs: list[NDArray]) -> NDArray:
    # As the file says: fused INT8 kernels saturate on processors without VNNI.
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(str(path), options)
    (out,) = session.run(["output_0"], {f"args_{i}": value for i, value in enumerate(inputs)})
    return out


@pytest.mark.parametrize("name", ["tone", "scratch", "mapper_global"])
def test_float_files_equal_the_network(name: str, tmp_path: Path) -> None:
    samples = tile_samples(list(sources().values()), old_photos())[name]
    for network, least in ((sources()[name].network, 100), (Float16(sources()[name].network), 50)):
        source, path = sources()[name], tmp_path / "part.onnx"
        convert_onnx(source, network, [end.example(*source.tiles[0]) for end in source.inputs], LABEL, path)
        got = [run(path, inputs) for inputs in samples.inputs]
        assert all(out.dtype == np.float32 for out in got)
        assert psnr(np.stack(samples.outputs), np.stack(got)) > least
        if least == 100:
            assert max(np.abs(a - b).max() for a, b in zip(samples.outputs, got, strict=True)) < 1e-4


@pytest.mark.parametrize(
    "name", [name if name == "decoder" else pytest.param(name, marks=pytest.mark.slow) for name in PARTS]
)
def test_int8_files_give_the_levels_of_the_written_out_program(
    name: str, converted: Converted, tmp_path: Path
) -> None:
    source, named = converted.sources[name], converted.named(name)
    network = quantized(source, named, load_recipe(), stored_ends=True, signed=True)
    ends = [scale_and_zero_point(limits) for limits in end_ranges(source, named, signed=True)]
    path = tmp_path / "int8.onnx"
    examples = [end.example(*source.tiles[0]).to(torch.int8) for end in source.inputs]
    convert_onnx(source, network, examples, LABEL, path)
    weights = [w for w in onnx.load(str(path)).graph.initializer if len(w.dims) == 4]
    stored_float = {w.name for w in weights if w.data_type != onnx.TensorProto.INT8}
    # The recipe leaves the detector's stem and first block in float.
    assert all(".stem." in each or ".block0_0." in each for each in stored_float)
    assert len(stored_float) == (3 if name == "scratch" else 0) < len(weights)
    for sample, exact in zip(converted.samples[name].inputs, converted.samples[name].outputs, strict=True):
        stored = levels(source, sample, ends)
        got, wanted = run(path, stored), network(*map(torch.from_numpy, stored)).numpy()
        apart = np.abs(got.astype(int) - wanted)
        assert got.dtype == np.int8 and apart.max() <= 1
        assert (apart > 0).mean() < ROUNDED_APART.get(name, 0.02)
        scale, zero = ends[-1]
        assert zero == 0 and psnr(exact, (got.astype(np.float32)) * scale) > 20


def test_files_say_what_they_are(tmp_path: Path) -> None:
    source, path = sources()["mapper_global"], tmp_path / "mapper_global.onnx"
    convert_onnx(source, source.network, [end.example(*TILES[0]) for end in source.inputs], LABEL, path)
    model = onnx.load(str(path))
    about = {entry.key: entry.value for entry in model.metadata_props}
    assert about["licence"] == "Apache-2.0" and about["version"] == "3"
    assert "damaged pixels" in model.graph.input[1].doc_string
    assert str(tmp_path).encode() not in path.read_bytes() and b"site-packages" not in path.read_bytes()


class Summed(nn.Module):
    def forward(self, cells: Tensor) -> Tensor:
        return cells.cumsum(1)


def test_what_tensorrt_may_refuse_is_refused_and_nothing_is_written(
    converted: Converted, tmp_path: Path
) -> None:
    source, path = converted.sources["encoder"], tmp_path / "encoder.onnx"
    examples = [end.example(*TILES[0]) for end in source.inputs]
    with pytest.raises(OperationRefused, match=r"CumSum.*docs/toolkit/converting\.md"):
        convert_onnx(source, Summed(), examples, LABEL, path)
    unsigned = quantized(source, converted.named("encoder"), load_recipe(), stored_ends=True)
    with pytest.raises(OperationRefused, match="zero point"):
        convert_onnx(source, unsigned, [e.to(torch.int8) for e in examples], LABEL, path)
    assert list(tmp_path.iterdir()) == []
