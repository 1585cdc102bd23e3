"""The Core ML runtime on a Mac, through coremltools."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import coremltools
import numpy as np

# Missing where there is no Core ML: then this runtime is not installed.
from coremltools import libcoremlpython  # noqa: F401
from numpy.typing import NDArray

from edge.bundle.manifest import Artifact, Format, Tile
from edge.errors import RuntimeUnavailable
from edge.runtimes import Network

FORMAT: Format = "coreml"


class CoreMLNetwork:
    """A function of a compiled package; see :class:`edge.runtimes.Network`."""

    def __init__(self, model: Any, inputs: list[str], outputs: list[str]) -> None:
        self._model = model
        self._inputs = inputs
        self._outputs = outputs

    def run(self, inputs: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
        results = self._model.predict(dict(zip(self._inputs, inputs, strict=True)))
        return [np.asarray(results[name], np.float32) for name in self._outputs]


def load(path: Path, artifact: Artifact, tile: Tile, threads: int) -> Network:
    """See :func:`edge.runtimes.load_network`. Core ML chooses its own threads and compute units."""
    try:
        model = coremltools.models.MLModel(str(path), function_name=tile.function)
    # The library's own errors share no base class but Exception.
    except Exception as error:
        raise RuntimeUnavailable(f"Core ML can't load {path}: {error}") from error
    inputs, outputs = ([spec.name for spec in ends] for ends in (artifact.inputs, artifact.outputs))
    return CoreMLNetwork(model, inputs, outputs)
