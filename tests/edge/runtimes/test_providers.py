"""Accelerators of the ONNX Runtime: proved before they are used, and never given up without a word.

No NVIDIA chip is at hand: the CPU stands in for one that works. The provider of remote models, which every
build has and which takes no network, stands in for one that the library gives up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edge.bundle.bundle import SHIPPED, Bundle, find_artifact, open_bundle
from edge.bundle.manifest import Artifact, PartName
from edge.commands.main import main
from edge.errors import OptionRefused, RuntimeUnavailable
from edge.files import file_sha256
from edge.runtimes import providers

onnxruntime = pytest.importorskip("onnxruntime")

from edge.runtimes import onnx, onnx_tensorrt  # noqa: E402

IDLE = "AzureExecutionProvider"
no_gpu = pytest.mark.skipif(
    "CUDAExecutionProvider" in onnxruntime.get_available_providers(), reason="this build has CUDA"
)


def artifact_and_path(part: PartName = "encoder") -> tuple[Artifact, Path]:
    artifact = find_artifact(open_bundle(), part, "int8", ("onnx",))
    return artifact, SHIPPED / artifact.tiles[0].file


def small() -> Bundle:
    """The bundle that ships, with two of its networks."""
    bundle = open_bundle()
    parts = {name: part for name, part in bundle.manifest.parts.items() if name in ("encoder", "tone")}
    return replace(bundle, manifest=msgspec.structs.replace(bundle.manifest, parts=parts))


def test_the_library_itself_gives_an_accelerator_up_without_a_word() -> None:
    """What `load_on` must not rely on."""
    session = onnxruntime.InferenceSession(str(artifact_and_path()[1]), providers=[IDLE])
    assert session.get_providers()[0] == IDLE


def test_an_accelerator_that_takes_no_network_is_not_used() -> None:
    artifact, path = artifact_and_path()
    with pytest.raises(RuntimeUnavailable, match=r"Azure does not run here, or not all of .*encoder"):
        onnx.load_on(IDLE, {}, path, artifact, artifact.tiles[0], 1)


@no_gpu
@pytest.mark.parametrize(("provider", "name"), (("cuda", "CUDA"), ("tensorrt", "Tensorrt")))
def test_a_build_without_it_is_named_and_the_cpu_does_the_work(
    provider: providers.Provider, name: str
) -> None:
    chosen = providers.choose(small(), "onnx", provider, 1)
    assert (chosen.runtime, chosen.fell_back) == ("onnx", True)
    assert f"was built without {name}: install" in str(chosen.sentence)


def test_an_accelerator_that_gives_the_golden_vectors_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(providers.RUNTIME_OF, "cuda", "onnx")
    chosen = providers.choose(small(), "onnx", "cuda", 1)
    assert chosen == providers.Chosen("onnx", "CUDA runs the networks: all 2 golden vectors are given.")


def test_an_accelerator_that_computes_something_else_is_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Wrong:
        def __init__(self, network: Any) -> None:
            self.network = network

        def run(self, inputs: Sequence[Any]) -> list[Any]:
            return [output + output.dtype.type(3) for output in self.network.run(inputs)]

    monkeypatch.setattr("edge.runtimes.onnx_cuda.load", lambda *given: Wrong(onnx.load(*given)))
    chosen = providers.choose(small(), "onnx", "cuda", 1)
    assert chosen.fell_back and chosen.runtime == "onnx"
    assert "does not reproduce the golden vectors: encoder (onnx int8)" in str(chosen.sentence)


def test_the_cpu_needs_no_proof() -> None:
    assert providers.choose(small(), "onnx", "cpu", 1) == providers.Chosen("onnx", None)
    assert providers.choose(small(), None, None, 1) == providers.Chosen(None, None)


@pytest.mark.parametrize("runtime", (None, "litert", "onnx-cuda"))
def test_other_runtimes_have_no_providers(runtime: str | None) -> None:
    with pytest.raises(OptionRefused, match="needs --runtime onnx"):
        providers.choose(small(), runtime, "cuda", 1)


def test_tensorrts_engines_are_kept_for_one_network_and_computer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    artifact, path = artifact_and_path()
    settings = onnx_tensorrt.provider_settings(path, artifact)
    engine = Path(settings["trt_engine_cache_path"])
    assert engine.is_dir() and engine.is_relative_to(tmp_path / "heirloom/engines")
    assert engine.name == file_sha256(path)[:16] and settings["trt_timing_cache_path"] == str(engine.parent)
    flags = ("trt_int8_enable", "trt_engine_cache_enable", "trt_timing_cache_enable")
    assert {settings[flag] for flag in flags} == {"True"}
    assert not any("calibration" in name for name in settings)
    float_one = find_artifact(open_bundle(), "tone", "float32", ("onnx",))
    tone = onnx_tensorrt.provider_settings(SHIPPED / float_one.tiles[0].file, float_one)
    assert tone["trt_int8_enable"] == "False" and tone["trt_engine_cache_path"] != str(engine)
    monkeypatch.setattr(onnx_tensorrt, "_tensorrt_version", lambda: "100300")
    assert onnx_tensorrt.engine_folder() != engine.parent


@no_gpu
def test_a_state_folder_that_cannot_be_written_to(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    artifact, path = artifact_and_path()
    with pytest.raises(RuntimeUnavailable, match="engines can't be written to"):
        onnx_tensorrt.load(path, artifact, artifact.tiles[0], 1)


@pytest.mark.slow
@no_gpu
def test_restoring_goes_on_with_the_cpu_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], write_photo: Path
) -> None:
    arguments = ["restore", str(write_photo), "-o", str(tmp_path / "out.png"), "--runtime", "onnx"]
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--provider", "cuda"])
    assert not ended.value.code and (tmp_path / "out.png").exists()
    assert "The CPU runs the networks instead of CUDA" in capsys.readouterr().err


@pytest.fixture
def write_photo(tmp_path: Path) -> Path:
    from edge.bench.made_up_photo import write_test_photo

    write_test_photo(tmp_path / "photo.jpg", (96, 64))
    return tmp_path / "photo.jpg"


@no_gpu
def test_verifying_an_accelerator_that_is_not_there_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bundle", "verify", "--runtime", "onnx", "--provider", "tensorrt"]) == 1
    assert "built without Tensorrt" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    (
        ["restore", ".", "--provider", "cuda"],
        ["restore", ".", "--runtime", "litert", "--provider", "cuda"],
        ["restore", ".", "--runtime", "torch", "--weights", ".", "--provider", "cuda"],
        ["bench", "--provider", "tensorrt"],
        ["bench", "--against", "reference", "--runtime", "onnx"],
        ["bundle", "verify", "--provider", "cpu"],
    ),
)
def test_a_provider_without_its_runtime_is_wrong_usage(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2 and "--provider" in capsys.readouterr().err
