"""The ONNX Runtime, on the CPU; `edge.runtimes.onnx_cuda` and `onnx_tensorrt` run it on NVIDIA's chips."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from edge.bundle.manifest import Artifact, Tensor, Tile
from edge.errors import InvalidManifest, RuntimeUnavailable
from edge.runtimes import Network, check_tensor

TYPES = {"tensor(float)": "float32", "tensor(int8)": "int8", "tensor(uint8)": "uint8"}
INT8_ACTIVATIONS = ("session.qdqisint8allowed", "1")
"""By default the library turns signed activations into unsigned ones on x86, and sums of products then
saturate on processors without VNNI: levels were 12 apart."""
FATAL_ONLY = 4
"""The library's messages are in its exceptions too."""
CPU = "CPUExecutionProvider"
ENDING = "ExecutionProvider"


class OnnxNetwork:
    """A network in a session; see :class:`edge.runtimes.Network`."""

    def __init__(self, session: Any, inputs: list[str], outputs: list[str]) -> None:
        self._session = session
        self._inputs = inputs
        self._outputs = outputs

    @property
    def providers(self) -> list[str]:
        """What runs the network, by the library's names, first the preferred one."""
        return list(self._session.get_providers())

    def run(self, inputs: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
        feed = dict(zip(self._inputs, inputs, strict=True))
        # The outputs lie in the session's arena and would keep all of it, gigabytes, allocated.
        try:
            return [np.array(output) for output in self._session.run(self._outputs, feed)]
        # See `_opened`; a chip may run out of memory here.
        except Exception as error:
            raise RuntimeUnavailable(f"ONNX Runtime can't run this network: {error}") from error


def load(path: Path, artifact: Artifact, tile: Tile, threads: int) -> Network:
    """See :func:`edge.runtimes.load_network`."""
    options = _options(threads)
    options.use_deterministic_compute = True
    return _opened(path, artifact, tile, options, CPU, {})


def load_on(
    provider: str, settings: dict[str, str], path: Path, artifact: Artifact, tile: Tile, threads: int
) -> Network:
    """As `load`, wholly on an accelerator: a network of which the CPU would run a part is not loaded.

    Args:
        provider: The library's name of what runs the network, such as ``CUDAExecutionProvider``.
        settings: Its options.
        path: The file.
        artifact: The artifact that the file belongs to.
        tile: The tile that the network is made for.
        threads: CPU threads.

    Raises:
        RuntimeUnavailable: The library was built without it, its own libraries are missing, or it refuses
            a part of the network.
        InvalidManifest: The network's tensors differ from the manifest.
    """
    short = provider.removesuffix(ENDING)
    if provider not in onnxruntime.get_available_providers():
        raise RuntimeUnavailable(
            f"This ONNX Runtime was built without {short}: install the build made for this computer."
        )
    # The library reports its own missing libraries on stderr, beside the exception.
    onnxruntime.set_default_logger_severity(FATAL_ONLY)
    options = _options(threads)
    # The library moves to the CPU without a word what an accelerator does not take, or all of it.
    options.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
    network = _opened(path, artifact, tile, options, provider, settings)
    if network.providers[0] != provider:
        raise RuntimeUnavailable(_not_here(path, short))
    return network


def _not_here(path: Path, short: str) -> str:
    return f"{short} does not run here, or not all of {path}: check that its libraries are installed."


def _options(threads: int) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = FATAL_ONLY
    options.add_session_config_entry(*INT8_ACTIVATIONS)
    return options


def _opened(
    path: Path, artifact: Artifact, tile: Tile, options: Any, provider: str, settings: dict[str, str]
) -> OnnxNetwork:
    try:
        session = onnxruntime.InferenceSession(
            str(path), options, providers=[(provider, settings)], enable_fallback=0
        )
    # The library's own errors share no base class but Exception.
    except Exception as error:
        short = provider.removesuffix(ENDING)
        if "fallback" in str(error):
            raise RuntimeUnavailable(_not_here(path, short)) from error
        where = "" if provider == CPU else f" on {short}"
        said = " ".join(str(error).split())
        raise RuntimeUnavailable(f"ONNX Runtime can't load {path}{where}: {said}") from error
    inputs = _names(path, artifact.inputs, tile, session.get_inputs())
    outputs = _names(path, artifact.outputs, tile, session.get_outputs())
    return OnnxNetwork(session, inputs, outputs)


def _names(path: Path, specs: list[Tensor], tile: Tile, nodes: Sequence[Any]) -> list[str]:
    found = {node.name: node for node in nodes}
    names = [spec.name for spec in specs]
    if sorted(names) != sorted(found):
        raise InvalidManifest(f"{path} has {sorted(found)}, where the manifest has {sorted(names)}.")
    for spec in specs:
        node = found[spec.name]
        check_tensor(path, spec, tile, node.shape, TYPES.get(node.type, node.type))
    return names
