"""Each runtime computes what torch computes, and refuses a network that is not as stated."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from edge import runtimes
from edge.bundle.bundle import find_artifact, open_bundle, read_tensor
from edge.bundle.manifest import Artifact, Format, PartName, Precision, Tile
from edge.errors import InvalidManifest, RuntimeUnavailable
from edge.runtimes import RUNTIMES, Runtime, available_formats, can_resize, load_network
from edge.runtimes.selftest import side_by_side

torch = pytest.importorskip("torch")


def artifact_and_path(
    folder: Path, part: PartName, kind: Format, precision: Precision = "float32", tile: int = 0
) -> tuple[Artifact, Path]:
    artifact = find_artifact(open_bundle(folder), part, precision, (kind,))
    return artifact, folder / artifact.tiles[tile].file


def golden_inputs(folder: Path, artifact: Artifact) -> list[np.ndarray]:
    """The golden cells laid side by side, as large as the first tile."""
    bundle, golden, tile = open_bundle(folder), artifact.golden[0], artifact.tiles[0]
    return [
        side_by_side(read_tensor(bundle, path, spec, golden), spec, tile.rows, tile.columns)
        for path, spec in zip(golden.inputs, artifact.inputs, strict=True)
    ]


@pytest.mark.parametrize("kind", ["litert", "onnx"])
@pytest.mark.parametrize("part", ["tone", "scratch", "encoder", "mapper", "mapper_global", "decoder"])
@pytest.mark.parametrize("threads", [1, 2])
def test_float32_equals_torch(tiny_bundle: Path, kind: Format, part: PartName, threads: int) -> None:
    from tests.edge.bundles import sources

    artifact, path = artifact_and_path(tiny_bundle, part, kind)
    inputs = [value * 0.7 + 0.1 for value in golden_inputs(tiny_bundle, artifact)]
    (output,) = load_network(path, artifact, artifact.tiles[0], threads).run(inputs)
    with torch.no_grad():
        expected = sources()[part].network(*map(torch.from_numpy, inputs)).numpy()
    assert output.dtype == np.float32
    assert output.flags.owndata  # what a runtime keeps is freed though its outputs live on
    assert np.abs(output - expected).max() <= 1e-5
    assert np.abs(expected).max() > 1e-3


@pytest.mark.parametrize("precision", ["float32", "int8"])
@pytest.mark.parametrize("part", ["scratch", "finder", "encoder", "mapper", "decoder"])
def test_what_the_manifest_says_resizes_gives_the_same_in_a_larger_window(
    tiny_bundle: Path, part: PartName, precision: Precision
) -> None:
    artifact, path = artifact_and_path(tiny_bundle, part, "litert", precision)
    manifest = open_bundle(tiny_bundle).manifest
    halo, step = manifest.parts[part].halo, manifest.parts[part].step
    assert artifact.resizes and can_resize("litert") and not can_resize("onnx")
    inputs = golden_inputs(tiny_bundle, artifact)
    more = (0, 0), (0, 3 * step), (0, step), (0, 0)
    larger = [np.pad(value, more, mode="reflect") for value in inputs]
    network = load_network(path, artifact, artifact.tiles[0], 1)
    (output,), (wider,) = network.run(inputs), network.run(larger)
    rows, columns = inputs[0].shape[1:3]
    assert wider.shape[1:3] == (rows + 3 * step, columns + step)
    inside = slice(halo, rows - halo), slice(halo, columns - halo)
    assert output[0][inside].size
    np.testing.assert_array_equal(wider[0][inside], output[0][inside])
    # Opened while it has the other size: the file still is what the manifest says.
    (again,) = load_network(path, artifact, artifact.tiles[0], 1).run(inputs)
    np.testing.assert_array_equal(again, output)


def test_what_holds_its_size_is_not_said_to_resize(tiny_bundle: Path) -> None:
    for part in ("mapper_global", "face", "tone"):
        artifact, _ = artifact_and_path(tiny_bundle, part, "litert")
        assert not artifact.resizes


@pytest.mark.parametrize("part", ["encoder", "mapper_global"])
def test_int8_bits_do_not_depend_on_the_threads(tiny_bundle: Path, part: PartName) -> None:
    artifact, path = artifact_and_path(tiny_bundle, part, "litert", "int8")
    inputs = golden_inputs(tiny_bundle, artifact)
    outputs = [
        load_network(path, artifact, artifact.tiles[0], threads).run(inputs)[0] for threads in (1, 2, 3)
    ]
    assert outputs[0].dtype == np.int8
    assert len(np.unique(outputs[0])) > 10
    np.testing.assert_array_equal(outputs[0], outputs[1])
    np.testing.assert_array_equal(outputs[0], outputs[2])


@pytest.mark.parametrize(
    ("kind", "precision"), [("litert", "float32"), ("litert", "int8"), ("onnx", "float32")]
)
def test_a_run_leaves_no_trace(tiny_bundle: Path, kind: Format, precision: Precision) -> None:
    artifact, path = artifact_and_path(tiny_bundle, "encoder", kind, precision)
    inputs = golden_inputs(tiny_bundle, artifact)
    given = [value.copy() for value in inputs]
    network = load_network(path, artifact, artifact.tiles[0], threads=1)
    (first,) = network.run(inputs)
    kept = first.copy()
    network.run([np.zeros_like(value) for value in inputs])
    np.testing.assert_array_equal(first, kept)  # the caller's own
    np.testing.assert_array_equal(network.run(inputs)[0], kept)
    np.testing.assert_array_equal(inputs[0], given[0])
    first[:] = 0  # may be written to
    np.testing.assert_array_equal(network.run(inputs)[0], kept)


@pytest.mark.parametrize("kind", ["litert", "onnx"])
def test_inputs_need_not_be_contiguous(tiny_bundle: Path, kind: Format) -> None:
    artifact, path = artifact_and_path(tiny_bundle, "encoder", kind)
    inputs = golden_inputs(tiny_bundle, artifact)
    network = load_network(path, artifact, artifact.tiles[0], threads=1)
    (expected,) = network.run(inputs)
    np.testing.assert_array_equal(network.run([np.asfortranarray(inputs[0])])[0], expected)


@pytest.mark.parametrize("kind", ["litert", "onnx"])
def test_inputs_are_matched_by_name(tiny_bundle: Path, kind: Format) -> None:
    artifact, path = artifact_and_path(tiny_bundle, "mapper_global", kind)
    inputs = golden_inputs(tiny_bundle, artifact)
    (expected,) = load_network(path, artifact, artifact.tiles[0], threads=1).run(inputs)
    turned = msgspec.structs.replace(artifact, inputs=artifact.inputs[::-1])
    np.testing.assert_array_equal(
        load_network(path, turned, turned.tiles[0], threads=1).run(inputs[::-1])[0], expected
    )


def with_output(artifact: Artifact, **change: Any) -> Artifact:
    output = msgspec.structs.replace(artifact.outputs[0], **change)
    return msgspec.structs.replace(artifact, outputs=[output])


def swap_tiles(artifact: Artifact) -> Artifact:
    a, b = artifact.tiles
    places = [
        Tile(rows=size.rows, columns=size.columns, file=other.file, function=other.function)
        for size, other in ((a, b), (b, a))
    ]
    return msgspec.structs.replace(artifact, tiles=places)


@pytest.mark.parametrize("kind", ["litert", "onnx"])
@pytest.mark.parametrize(
    ("edit", "pattern"),
    [
        (lambda a: with_output(a, name="y"), "where the manifest has"),
        (lambda a: with_output(a, channels=9), r"output_0 is float32 \(1, 12, 12, 8\)"),
        (lambda a: with_output(a, dtype="int8", scale=0.5), "output_0 is float32"),
        (swap_tiles, r"\(1, 16, 24, 48\), where the manifest has float32 \(1, 12, 12, 48\)"),
    ],
    ids=["name", "channels", "dtype", "tile"],
)
def test_a_network_that_is_not_as_stated_is_refused(
    tiny_bundle: Path, kind: Format, edit: Callable[[Artifact], Artifact], pattern: str
) -> None:
    artifact, _ = artifact_and_path(tiny_bundle, "encoder", kind)
    with pytest.raises(InvalidManifest, match=pattern):
        stated = edit(artifact)
        load_network(tiny_bundle / stated.tiles[0].file, stated, stated.tiles[0], threads=1)


@pytest.mark.parametrize("change", [{"scale": 0.0251}, {"zero_point": 1}])
def test_a_scale_that_is_not_the_network_s_is_refused(tiny_bundle: Path, change: dict[str, Any]) -> None:
    artifact, path = artifact_and_path(tiny_bundle, "encoder", "litert", "int8")
    with pytest.raises(InvalidManifest, match="scale"):
        load_network(path, with_output(artifact, **change), artifact.tiles[0], threads=1)


@pytest.mark.parametrize("kind", ["litert", "onnx"])
@pytest.mark.parametrize("content", [b"", b"not a network" * 100], ids=["empty", "noise"])
def test_what_is_no_network_is_refused(own_bundle: Path, kind: Format, content: bytes) -> None:
    artifact, path = artifact_and_path(own_bundle, "encoder", kind)
    path.write_bytes(content)
    with pytest.raises(RuntimeUnavailable, match="can't load"):
        load_network(path, artifact, artifact.tiles[0], threads=1)


def onnx_int8_doubler(path: Path) -> Artifact:
    """An ONNX network of int8 in and out: twice the real value."""
    import onnx
    from onnx import TensorProto, helper

    nodes = [
        helper.make_node("DequantizeLinear", ["x", "in_scale", "zero"], ["real"]),
        helper.make_node("Add", ["real", "real"], ["twice"]),
        helper.make_node("QuantizeLinear", ["twice", "out_scale", "zero"], ["y"]),
    ]
    shape = [1, 5, 6, 2]
    graph = helper.make_graph(
        nodes,
        "doubler",
        [helper.make_tensor_value_info("x", TensorProto.INT8, shape)],
        [helper.make_tensor_value_info("y", TensorProto.INT8, shape)],
        [
            helper.make_tensor("in_scale", TensorProto.FLOAT, [], [0.5]),
            helper.make_tensor("out_scale", TensorProto.FLOAT, [], [0.25]),
            helper.make_tensor("zero", TensorProto.INT8, [], [0]),
        ],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), path)
    entry = {"role": "photo", "channels": 2, "dtype": "int8"}
    return msgspec.convert(
        {
            "format": "onnx",
            "precision": "int8",
            "inputs": [{**entry, "name": "x", "scale": 0.5}],
            "outputs": [{**entry, "name": "y", "scale": 0.25}],
            "tiles": [{"rows": 5, "columns": 6, "file": path.name}],
            "golden": [{"rows": 5, "columns": 6, "inputs": ["i"], "outputs": ["o"], "tolerance": 0}],
            "gate": {
                "output_psnr": 60,
                "residual_psnr": None,
                "worst_tile_psnr": 50,
                "tiles": 1,
                "data": "none",
            },
        },
        Artifact,
    )


def test_onnx_takes_and_gives_int8(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    path = tmp_path / "doubler.onnx"
    network = load_network(path, (doubler := onnx_int8_doubler(path)), doubler.tiles[0], threads=1)
    values = np.arange(-30, 30, dtype=np.int8).reshape(1, 5, 6, 2)
    (output,) = network.run([values])
    assert output.dtype == np.int8
    np.testing.assert_array_equal(output, np.clip(values.astype(int) * 4, -128, 127))


def test_formats_are_listed_by_preference() -> None:
    assert available_formats() == ("litert", "onnx")
    assert available_formats("onnx") == ("onnx",)


def test_an_absent_library_is_named(tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RUNTIMES, "litert", Runtime("litert", "edge.runtimes.absent", "pip install absent"))
    assert available_formats() == ("onnx",)
    with pytest.raises(RuntimeUnavailable, match="pip install absent"):
        available_formats("litert")
    artifact, path = artifact_and_path(tiny_bundle, "encoder", "litert")
    with pytest.raises(RuntimeUnavailable, match="pip install absent"):
        load_network(path, artifact, artifact.tiles[0], threads=1)
    # Undone the other way round, which keeps their order.
    for name in ("onnx-tensorrt", "onnx-cuda", "onnx"):
        monkeypatch.delitem(RUNTIMES, name)
    with pytest.raises(RuntimeUnavailable, match="pip install absent"):
        available_formats()


def test_an_unknown_runtime_or_the_wrong_one_is_refused(tiny_bundle: Path) -> None:
    artifact, path = artifact_and_path(tiny_bundle, "encoder", "litert")
    with pytest.raises(RuntimeUnavailable, match="litert, onnx"):
        load_network(path, artifact, artifact.tiles[0], threads=1, runtime="abacus")
    with pytest.raises(RuntimeUnavailable, match="does not read litert"):
        load_network(path, artifact, artifact.tiles[0], threads=1, runtime="onnx")


def test_a_new_runtime_is_one_module_and_one_line(
    tiny_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "zeros_runtime.py").write_text(
        "import numpy as np\n"
        "class Zeros:\n"
        "    def run(self, inputs):\n"
        "        return [np.zeros_like(inputs[0])]\n"
        "def load(path, artifact, tile, threads):\n"
        "    return Zeros()\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(RUNTIMES, "zeros", Runtime("litert", "zeros_runtime", "pip install zeros"))
    artifact, path = artifact_and_path(tiny_bundle, "decoder", "litert")
    network = runtimes.load_network(path, artifact, artifact.tiles[0], threads=1, runtime="zeros")
    assert not network.run(golden_inputs(tiny_bundle, artifact))[0].any()


def test_only_warnings_reach_stderr(tiny_bundle: Path) -> None:
    """LiteRT's information about its delegate is dropped; what others write meanwhile is not."""
    artifact, path = artifact_and_path(tiny_bundle, "encoder", "litert")
    script = (
        "import os, sys, msgspec\n"
        "from pathlib import Path\n"
        "from edge.bundle.manifest import Artifact\n"
        "from edge.runtimes import litert, load_network\n"
        "artifact = msgspec.json.decode(sys.argv[2], type=Artifact)\n"
        "load_network(Path(sys.argv[1]), artifact, artifact.tiles[0], 1)\n"
        "with litert._without_info_lines():\n"
        "    os.write(2, b'INFO: noise\\nWARNING: heard\\n')\n"
        "os.write(2, b'INFO: afterwards\\n')\n"
    )
    arguments = [sys.executable, "-c", script, str(path), msgspec.json.encode(artifact).decode()]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    done = subprocess.run(arguments, capture_output=True, text=True, env=environment, check=False)
    assert (done.returncode, done.stderr) == (0, "WARNING: heard\nINFO: afterwards\n")
