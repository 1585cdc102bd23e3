"""The LiteRT runtime: ``ai-edge-litert``, or its predecessor ``tflite-runtime``."""

from __future__ import annotations

import contextlib
import math
import os
import tempfile
import threading
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.bundle.manifest import Artifact, Tensor, Tile
from edge.errors import InvalidManifest, RuntimeUnavailable
from edge.files import reason_of
from edge.runtimes import Network, check_tensor

try:
    from ai_edge_litert.interpreter import Interpreter
except ImportError:
    from tflite_runtime.interpreter import Interpreter


Details = dict[str, dict[str, Any]]
_Function = tuple[Any, Details, Details]
"""A signature's runner, and what its inputs and outputs are."""

STDERR = 2
_stderr_lock = threading.Lock()


class _File:
    """A file's interpreter. All functions of a file run in one, one at a time: each interpreter packs the
    weights of all of them (21 MB more for a photo of 12 megapixels if every tile size has its own)."""

    def __init__(self, path: Path, threads: int) -> None:
        self.lock = threading.Lock()
        self.functions: dict[str | None, _Function] = {}
        """Those opened so far: once a function has run at another size, its details tell that size."""
        try:
            with _without_info_lines():
                self.interpreter = Interpreter(str(path), num_threads=threads)
        except (ValueError, RuntimeError) as error:
            reason = reason_of(error)
            raise RuntimeUnavailable(f"LiteRT can't load {path}: {reason}") from error


_files: weakref.WeakValueDictionary[tuple[Path, int, int, int], _File] = weakref.WeakValueDictionary()
_files_lock = threading.Lock()


class LiteRTNetwork:
    """A function of a file in an interpreter; see :class:`edge.runtimes.Network`."""

    def __init__(self, file: _File, runner: Any, inputs: list[str], outputs: list[str]) -> None:
        self._file = file
        self._runner = runner
        self._inputs = inputs
        self._outputs = outputs
        self._started = False

    def run(self, inputs: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
        feed = dict(zip(self._inputs, inputs, strict=True))
        # The delegate is created when the first tile runs, and then prints a line.
        quiet = contextlib.nullcontext() if self._started else _without_info_lines()
        with self._file.lock, quiet:
            try:
                results = self._runner(**feed)
            except RuntimeError as error:
                reason = reason_of(error)
                raise RuntimeUnavailable(f"LiteRT can't run this network: {reason}") from error
        self._started = True
        return [results[name] for name in self._outputs]


def load(path: Path, artifact: Artifact, tile: Tile, threads: int) -> Network:
    """See :func:`edge.runtimes.load_network`."""
    file = _open(path, threads)
    if tile.function not in file.functions:
        try:
            runner = file.interpreter.get_signature_runner(tile.function)
        except ValueError as error:
            wanted = "exactly one signature" if tile.function is None else f"the signature {tile.function}"
            raise InvalidManifest(f"{path} must have {wanted}.") from error
        file.functions[tile.function] = runner, runner.get_input_details(), runner.get_output_details()
    runner, takes, gives = file.functions[tile.function]
    inputs, outputs = (
        _names(path, artifact.inputs, tile, takes),
        _names(path, artifact.outputs, tile, gives),
    )
    return LiteRTNetwork(file, runner, inputs, outputs)


def _open(path: Path, threads: int) -> _File:
    try:
        stat = path.stat()
    except OSError as error:
        raise RuntimeUnavailable(f"LiteRT can't load {path}: {error.strerror}") from error
    with _files_lock:
        key = path.resolve(), stat.st_mtime_ns, stat.st_ino, threads
        file = _files.get(key)
        if file is None:
            _files[key] = file = _File(path, threads)
        return file


def _names(path: Path, specs: list[Tensor], tile: Tile, details: Details) -> list[str]:
    names = [spec.name for spec in specs]
    if sorted(names) != sorted(details):
        raise InvalidManifest(f"{path} has {sorted(details)}, where the manifest has {sorted(names)}.")
    for spec in specs:
        found = details[spec.name]
        check_tensor(path, spec, tile, found["shape"].tolist(), np.dtype(found["dtype"]).name)
        scale, zero_point = found["quantization"]
        same = math.isclose(scale, spec.scale, rel_tol=1e-6) and zero_point == spec.zero_point
        if spec.dtype != "float32" and not same:
            raise InvalidManifest(
                f"{path}: {spec.name} has scale {scale} and zero point {zero_point}, "
                f"where the manifest has {spec.scale} and {spec.zero_point}."
            )
    return names


@contextlib.contextmanager
def _without_info_lines() -> Iterator[None]:
    """Drop the line "INFO: Created TensorFlow Lite XNNPACK delegate" from stderr.

    The library writes it from C++ and has no switch for it, so the file descriptor is held for a
    moment; whatever else arrives meanwhile (from any thread) is passed on afterwards.
    """
    with _stderr_lock, tempfile.TemporaryFile() as held:
        try:
            kept = os.dup(STDERR)
        except OSError:  # no stderr at all: nothing to keep clean
            yield
            return
        os.dup2(held.fileno(), STDERR)
        try:
            yield
        finally:
            os.dup2(kept, STDERR)
            os.close(kept)
            held.seek(0)
            for line in held:
                if not line.startswith(b"INFO: "):
                    os.write(STDERR, line)
