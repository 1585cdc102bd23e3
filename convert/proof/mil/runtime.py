"""Core ML packages run by the interpreter: the runtime ``coreml-interpreted``."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from convert.errors import PackageError
from convert.proof.mil.interpreter import MilNetwork
from convert.proof.mil.package import load_package
from edge.bundle.manifest import Artifact, Format, Tile
from edge.errors import InvalidManifest, RuntimeUnavailable

FORMAT: Format = "coreml"

# A package's tiles are loaded one after another; one of the published networks takes a gigabyte.
_package = lru_cache(maxsize=1)(lambda path, changed: load_package(path))


def load(path: Path, artifact: Artifact, tile: Tile, threads: int) -> MilNetwork:
    """See :func:`edge.runtimes.load_network`. Threads are torch's own."""
    try:
        weights = path / "Data" / "com.apple.CoreML" / "weights" / "weight.bin"
        package: dict[str, Any] = _package(path, weights.stat().st_mtime_ns if weights.exists() else 0)
    except PackageError as error:
        raise RuntimeUnavailable(str(error)) from error
    function = package.get(tile.function or "main")
    if function is None:
        raise InvalidManifest(f"{path} has no function {tile.function}, but {', '.join(package)}.")
    network = MilNetwork(function, "float32" if artifact.precision == "float32" else "float16")
    names = [spec.name for spec in artifact.inputs]
    if network.inputs != names:
        raise InvalidManifest(f"{path} has {network.inputs}, where the manifest has {names}.")
    return network
