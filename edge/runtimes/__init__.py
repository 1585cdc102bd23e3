"""The libraries that can run a bundle's networks, behind one small interface.

A new runtime is one module with a ``load`` function and one line in ``RUNTIMES``. Those that need large
libraries are entry points of the group ``heirloom.runtimes``, whose modules also name their ``FORMAT``:
they are imported only when requested by name.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast

from numpy.typing import NDArray

from edge.bundle.manifest import Artifact, Format, Tensor, Tile, tensor_shape
from edge.errors import InvalidManifest, RuntimeUnavailable, install_hint


class Network(Protocol):
    """One network for one tile. Stateless, but not thread-safe."""

    def run(self, inputs: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
        """Outputs for ``inputs``, both in the artifact's order, shapes and stored units. Where the runtime
        resizes, the inputs may have another size than the tile, and the outputs then have theirs.

        The outputs are copies that the caller owns.
        """
        ...


class RuntimeModule(Protocol):
    """The interface of a runtime's module. Importing it fails where its library is not installed."""

    def load(self, path: Path, artifact: Artifact, tile: Tile, threads: int) -> Network:
        """Load the network at ``path``, made for ``tile``; see :func:`load_network`."""
        ...


@dataclass(frozen=True)
class Runtime:
    """An entry of the registry."""

    format: Format
    module: str
    install: str
    tried_by: str | None = None
    """The runtime of the CPU that tries a bundle of others first, where this one takes minutes to load."""
    resizes: bool = False
    """Whether its networks take inputs of another size than their tile's."""


# In order of preference.
RUNTIMES: dict[str, Runtime] = {
    "litert": Runtime("litert", "edge.runtimes.litert", "pip install ai-edge-litert", resizes=True),
    "onnx": Runtime("onnx", "edge.runtimes.onnx", "pip install onnxruntime"),
    # Never chosen by themselves: `edge.runtimes.providers` proves them first.
    "onnx-cuda": Runtime("onnx", "edge.runtimes.onnx_cuda", "pip install onnxruntime-gpu", "onnx"),
    "onnx-tensorrt": Runtime("onnx", "edge.runtimes.onnx_tensorrt", "pip install onnxruntime-gpu", "onnx"),
}


def available_formats(runtime: str | None = None) -> tuple[Format, ...]:
    """Formats that run on this machine, best first; with ``runtime``, only that one's.

    Raises:
        RuntimeUnavailable: There is none.
    """
    return tuple(formats_in_turn(runtime))


def formats_in_turn(runtime: str | None = None) -> Iterator[Format]:
    """The same one by one: the library behind a format is imported, which takes time, when its turn comes.

    Raises:
        RuntimeUnavailable: There is none.
    """
    if runtime is not None:
        yield _import(runtime)[0]
        return
    found: set[Format] = set()
    for name, entry in RUNTIMES.items():
        if entry.format not in found and _importable(name):
            found.add(entry.format)
            yield entry.format
    if not found:
        ways = " or ".join(f"`{entry.install}`" for entry in RUNTIMES.values())
        raise RuntimeUnavailable(f"No library that runs networks is installed: {ways}.")


def can_resize(format: Format, runtime: str | None = None) -> bool:
    """Whether networks of a format take inputs of any size here, if their artifact allows it.

    Args:
        format: The format.
        runtime: Name of a runtime; None: the first that reads the format.
    """
    readers = [entry for name, entry in RUNTIMES.items() if runtime in (name, None)]
    return any(entry.resizes for entry in readers if entry.format == format)


def load_network(
    path: Path, artifact: Artifact, tile: Tile, threads: int, runtime: str | None = None
) -> Network:
    """Load a network file.

    Args:
        path: The file, or the folder of a Core ML package.
        artifact: The artifact that the file belongs to.
        tile: The tile of the artifact that the network is made for.
        threads: CPU threads.
        runtime: Name of a runtime; None: the first that reads the artifact's format.

    Raises:
        RuntimeUnavailable: No installed runtime reads the format, or the file can't be loaded.
        InvalidManifest: The network's tensors differ from the manifest.
    """
    if runtime is not None:
        kind, module = _import(runtime)
        if kind != artifact.format:
            raise RuntimeUnavailable(f"The runtime {runtime} does not read {artifact.format} networks.")
        return module.load(path, artifact, tile, threads)
    readers = [name for name, entry in RUNTIMES.items() if entry.format == artifact.format]
    if not readers:
        raise RuntimeUnavailable(f"No runtime here reads {artifact.format} networks.")
    name = next(filter(_importable, readers), readers[0])
    return _import(name)[1].load(path, artifact, tile, threads)


def check_tensor(path: Path, spec: Tensor, tile: Tile, shape: Sequence[object], dtype: str) -> None:
    """Compare a tensor of a loaded network with the manifest. Raises InvalidManifest if they differ."""
    expected = tensor_shape(spec, tile)
    if (tuple(shape), dtype) != (expected, spec.dtype):
        raise InvalidManifest(
            f"{path}: {spec.name} is {dtype} {tuple(shape)}, "
            f"where the manifest has {spec.dtype} {expected}."
        )


def _import(name: str) -> tuple[Format, RuntimeModule]:
    try:
        if name in RUNTIMES:
            install = f"run `{RUNTIMES[name].install}`"
            return RUNTIMES[name].format, cast(
                RuntimeModule, importlib.import_module(RUNTIMES[name].module)
            )
        # Reads what every installed package offers: not for those that are known.
        from importlib.metadata import entry_points

        offered = {entry.name: entry for entry in entry_points(group="heirloom.runtimes")}
        install = install_hint("convert")
        if name in offered:
            module = offered[name].load()
            return cast(Format, module.FORMAT), cast(RuntimeModule, module)
    except ImportError as error:
        raise RuntimeUnavailable(f"The runtime {name} is not installed ({error}): {install}.") from error
    known = ", ".join([*RUNTIMES, *offered])
    raise RuntimeUnavailable(f"There is no runtime {name}: choose from {known}.")


def _importable(name: str) -> bool:
    try:
        _import(name)
    except RuntimeUnavailable:
        return False
    return True


def available_threads() -> int:
    """The cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
