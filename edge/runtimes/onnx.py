"""The ONNX Runtime, on the CPU."""

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
ERRORS_ONLY = 3


class OnnxNetwork:
    """A network in a session; see :class:`edge.runtimes.Network`."""

    def __init__(self, session: Any, inputs: list[str], outputs: list[str]) -> None:
        self._session = session
        self._inputs = inputs
        self._outputs = outputs

    def run(self, inputs: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
        feed = dict(zip(self._inputs, inputs, strict=True))
        # The outputs lie in the session's arena and would keep all of it, gigabytes, allocated.
        return [np.array(output) for output in self._session.run(self._outputs, feed)]


def load(path: Path, artifact: Artifact, tile: Tile, threads: int) -> Network:
    """See :func:`edge.runtimes.load_network`."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.use_deterministic_compute = True
    options.log_severity_level = ERRORS_ONLY
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    # The library's own errors share no base class but Exception.
    except Exception as error:
        raise RuntimeUnavailable(f"ONNX Runtime can't load {path}: {error}") from error
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
