"""Benchmarks of the networks relative to the machine's matrix multiply, and of whole restorations.

Machines are noisy and share their cores, so figures to be compared are measured in turns, round by round,
and each is a median with its range.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edge.bench.worker import Run
from edge.bundle.bundle import Bundle
from edge.bundle.manifest import INTEGER_RANGES, PartName, Precision, Tensor, tensor_shape
from edge.errors import HeirloomError
from edge.restore.tiles.parts import LoadedPart, Usage, load_part
from edge.restore.tiles.tiling import Box, Placement
from edge.system.processes import python

PARTS: tuple[PartName, ...] = ("encoder", "mapper", "mapper_global", "decoder", "scratch")
PATHS: dict[str, tuple[PartName, ...]] = {
    "restore": ("encoder", "mapper", "decoder"),
    "restore, scratched": ("encoder", "mapper_global", "decoder"),
}
"""The parts that every cell of a photo passes, without and with damage."""

MATMUL_SIDE = 2048
BEST_OF = 3
"""Runs in a round; the best one counts, for the matrix multiply and the networks alike."""

_MATMUL = """
import sys, time
import numpy as np
side, best_of = int(sys.argv[1]), int(sys.argv[2])
a, b = np.random.default_rng(0).standard_normal((2, side, side), np.float32)
a @ b
for line in sys.stdin:
    times = []
    for _ in range(best_of):
        started = time.perf_counter()
        a @ b
        times.append(time.perf_counter() - started)
    print(side**3 / min(times), flush=True)
"""
_BLAS_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


@dataclass(frozen=True)
class Spread:
    """A figure measured in several rounds."""

    median: float
    low: float
    high: float


def spread(values: Sequence[float]) -> Spread:
    """Median and range."""
    return Spread(statistics.median(values), min(values), max(values))


@dataclass(frozen=True)
class NetworkResult:
    """The speed of a part at its largest tile, or of a path of parts."""

    name: str
    precision: Precision
    tile: str
    """Rows x columns in cells, halo included; empty for a path."""
    milliseconds: Spread | None
    """Per tile; None for a path."""
    gmacs: Spread
    """Billions of multiply-accumulates a second. Of a path: weighted by each part's share of them."""
    of_matmul: Spread
    """Share of the float32 matrix multiply's rate, measured in the same round."""


@dataclass(frozen=True)
class CommandResult:
    """The measurements of whole restorations, each in a process of its own."""

    precision: Precision
    seconds: Spread
    """From the start of the process to its end."""
    start_up: Spread
    """Part of it: the interpreter, imports, and opening the bundle."""
    networks: Spread
    """Part of it: inside the networks."""
    restoring: Spread
    """Part of it: networks, tiles, tone, damage and loading; the rest reads and writes files."""
    megapixels_per_second: Spread
    share: Spread
    """Share of the total time spent inside the networks."""
    share_without_start_up: Spread
    peak_mb: Spread | None
    """Peak resident memory in units of 10**6 bytes; None where the system doesn't report it."""
    done: list[str]
    """The steps applied to the photo, in words."""


@contextmanager
def matmul_meter(threads: int, side: int = MATMUL_SIDE) -> Iterator[_Meter]:
    """A process that multiplies float32 matrices on ``threads`` threads on request.

    numpy takes its number of threads from the environment when it is imported, so this process can't
    change its own.
    """
    environment = {**os.environ, **dict.fromkeys(_BLAS_THREADS, str(threads))}
    arguments = python("-c", _MATMUL, str(side), str(BEST_OF))
    with subprocess.Popen(
        arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            yield _Meter(process)
        finally:
            process.kill()


class _Meter:
    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def rate(self) -> float:
        """Multiply-accumulates a second."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline())


def bench_networks(
    bundle: Bundle,
    precisions: Sequence[Precision],
    threads: int,
    runs: int,
    matmul_side: int = MATMUL_SIDE,
    *,
    runtime: str | None = None,
) -> tuple[Spread, list[NetworkResult]]:
    """The matrix multiply's GMAC/s, and the networks; every round measures all of them."""
    meters = [
        _PartMeter(bundle, name, precision, threads, runtime)
        for precision in precisions
        for name in PARTS
        if name in bundle.manifest.parts
    ]
    matmul: list[float] = []
    with matmul_meter(threads, matmul_side) as meter:
        for _ in range(runs):
            before = meter.rate()
            for part in meters:
                part.measure()
            # Whatever else the machine does changes meanwhile: the mean of before and after.
            matmul.append((before + meter.rate()) / 2)
    results = []
    for precision in precisions:
        measured = {part.name: part for part in meters if part.precision == precision}
        results += [part.result(matmul) for part in measured.values()]
        for path, names in PATHS.items():
            if measured.keys() >= set(names):
                parts = [measured[name] for name in names]
                results.append(_path_result(path, precision, parts, matmul))
    return spread([rate / 1e9 for rate in matmul]), results


class _PartMeter:
    """A part's largest network and its times, one a round."""

    def __init__(
        self, bundle: Bundle, name: PartName, precision: Precision, threads: int, runtime: str | None
    ) -> None:
        self.name, self.precision = name, precision
        self._usage = Usage()
        self._part = load_part(bundle, name, precision, threads, runtime, self._usage)
        self._size, self._inputs = _largest(self._part)
        self.tile = self._part.sizes()[self._size]
        self.macs_per_cell = self._part.part.macs_per_cell
        self.seconds: list[float] = []
        self._run()  # the first one loads the network

    def _run(self) -> float:
        before = self._usage.seconds
        self._part.run(Placement(Box(0, 0, *self.tile), self._size), self._inputs)
        return self._usage.seconds - before

    def measure(self) -> None:
        self.seconds.append(min(self._run() for _ in range(BEST_OF)))

    def rates(self) -> list[float]:
        """Multiply-accumulates a second, one a round."""
        macs = self.macs_per_cell * self.tile[0] * self.tile[1]
        return [macs / seconds for seconds in self.seconds]

    def result(self, matmul: list[float]) -> NetworkResult:
        milliseconds = spread([1000 * seconds for seconds in self.seconds])
        tile = f"{self.tile[0]}x{self.tile[1]}"
        return _network_result(self.name, self.precision, tile, milliseconds, self.rates(), matmul)


def _path_result(
    name: str, precision: Precision, parts: list[_PartMeter], matmul: list[float]
) -> NetworkResult:
    macs = sum(part.macs_per_cell for part in parts)
    # Seconds add up, rates don't.
    per_part = [[part.macs_per_cell / rate for rate in part.rates()] for part in parts]
    rates = [macs / sum(seconds) for seconds in zip(*per_part, strict=True)]
    return _network_result(name, precision, "", None, rates, matmul)


def _network_result(
    name: str,
    precision: Precision,
    tile: str,
    milliseconds: Spread | None,
    rates: list[float],
    matmul: list[float],
) -> NetworkResult:
    return NetworkResult(
        name=name,
        precision=precision,
        tile=tile,
        milliseconds=milliseconds,
        gmacs=spread([rate / 1e9 for rate in rates]),
        of_matmul=spread([rate / whole for rate, whole in zip(rates, matmul, strict=True)]),
    )


def _largest(part: LoadedPart) -> tuple[int, list[NDArray[Any]]]:
    """The largest tile's index and random input for it."""
    sizes = part.sizes()
    size = max(range(len(sizes)), key=lambda index: sizes[index][0] * sizes[index][1])
    tile = part.artifact.tiles[part.offered[size]]
    rng = np.random.default_rng(0)
    return size, [_noise(spec, tensor_shape(spec, tile)[1:], rng) for spec in part.artifact.inputs]


def _noise(spec: Tensor, shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[Any]:
    if spec.dtype == "float32":
        values = rng.random(shape, np.float32)
        return np.round(values) if spec.role == "mask" else values
    levels = INTEGER_RANGES[spec.dtype]
    return rng.integers(levels[0], levels[-1], shape, spec.dtype, endpoint=True)


def bench_command(
    bundle: Bundle,
    photo: Path,
    precisions: Sequence[Precision],
    threads: int,
    runs: int,
    runtime: str | None = None,
) -> list[CommandResult]:
    """Restore ``photo`` ``runs`` times in each precision, each time in a new process."""
    with Image.open(photo) as opened:
        megapixels = opened.width * opened.height / 1e6
    measured: dict[Precision, list[dict[str, Any]]] = {precision: [] for precision in precisions}
    for _ in range(runs):
        for precision, attempts in measured.items():
            task = Run(
                str(photo.resolve()),
                threads,
                bundle=str(bundle.folder.resolve()),
                precision=precision,
                runtime=runtime,
            )
            attempts.append(restore_once(task))
    return [command_result(precision, tries, megapixels) for precision, tries in measured.items()]


def restore_once(task: Run) -> dict[str, Any]:
    """The report of `edge.bench.worker` on one restoration, with the process's ``seconds``."""
    return run_once("edge.bench.worker", task)


def run_once(module: str, task: object) -> dict[str, Any]:
    """What a module's process reports on ``task``, and the process's ``seconds``. Raises HeirloomError."""
    arguments = python("-m", module, msgspec.json.encode(task).decode())
    started = perf_counter()
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    seconds = perf_counter() - started
    if done.returncode:
        raise HeirloomError((done.stderr.strip() or "The restoration was stopped.").splitlines()[-1])
    return {**json.loads(done.stdout.splitlines()[-1]), "seconds": seconds}


def command_result(precision: Precision, tries: list[dict[str, Any]], megapixels: float) -> CommandResult:
    """The figures of several reports of `restore_once` on a photo of that size."""
    peaks = [attempt["peak"] / 1e6 for attempt in tries if attempt["peak"] is not None]
    return CommandResult(
        precision=precision,
        seconds=spread([attempt["seconds"] for attempt in tries]),
        start_up=spread([attempt["seconds"] - attempt["work"] for attempt in tries]),
        networks=spread([attempt["networks"] for attempt in tries]),
        restoring=spread([attempt["restoring"] for attempt in tries]),
        megapixels_per_second=spread([megapixels / attempt["seconds"] for attempt in tries]),
        share=spread([attempt["networks"] / attempt["seconds"] for attempt in tries]),
        share_without_start_up=spread([attempt["networks"] / attempt["work"] for attempt in tries]),
        peak_mb=spread(peaks) if peaks else None,
        done=tries[-1]["done"],
    )
