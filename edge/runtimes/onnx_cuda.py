"""The ONNX Runtime on an NVIDIA chip, by CUDA."""

from __future__ import annotations

from pathlib import Path

from edge.bundle.manifest import Artifact, Tile
from edge.runtimes import Network, onnx

PROVIDER = "CUDAExecutionProvider"
# TF32 rounds what golden vectors compare.
SETTINGS = {"use_tf32": "0"}


def load(path: Path, artifact: Artifact, tile: Tile, threads: int) -> Network:
    """See :func:`edge.runtimes.load_network`."""
    return onnx.load_on(PROVIDER, SETTINGS, path, artifact, tile, threads)
