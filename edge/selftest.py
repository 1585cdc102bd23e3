"""Does this device's runtime reproduce the golden vectors?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.bundle import Bundle, read_tensor
from edge.errors import MissingArtifact, SelfTestFailed
from edge.manifest import Artifact, Format, Golden, PartName, Precision
from edge.runtimes import available_formats, load_network


@dataclass(frozen=True)
class GoldenResult:
    """One golden vector, run. Differences are in stored units; not-finite output counts as infinite."""

    part: PartName
    format: Format
    precision: Precision
    rows: int
    columns: int
    max_difference: float
    tolerance: float
    passed: bool


def self_test(
    bundle: Bundle, threads: int = 1, runtime: str | None = None, must_pass: bool = False
) -> list[GoldenResult]:
    """Run every golden vector that this machine (or ``runtime`` alone) can run.

    Raises MissingArtifact if there is none, RuntimeUnavailable, and with ``must_pass``
    SelfTestFailed, naming what failed.
    """
    formats = available_formats(runtime)
    results = [
        _run_golden(bundle, part, artifact, golden, threads, runtime)
        for part, networks in bundle.manifest.parts.items()
        for artifact in networks.artifacts
        if artifact.format in formats
        for golden in artifact.golden
    ]
    if not results:
        raise MissingArtifact(f"The bundle has nothing that {', '.join(formats)} can run.")
    failed = [result for result in results if not result.passed]
    if must_pass and failed:
        names = ", ".join(f"{result.part} ({result.format} {result.precision})" for result in failed)
        raise SelfTestFailed(
            f"This machine's runtime does not compute what the bundle expects: {names}. "
            "Restored photos would be wrong; install another version of the runtime."
        )
    return results


def _run_golden(
    bundle: Bundle, part: PartName, artifact: Artifact, golden: Golden, threads: int, runtime: str | None
) -> GoldenResult:
    tile = artifact.tiles[golden.tile]
    network = load_network(bundle.folder / tile.file, artifact, tile, threads, runtime)
    inputs = [
        read_tensor(bundle, path, spec, tile)
        for path, spec in zip(golden.inputs, artifact.inputs, strict=True)
    ]
    expected = [
        read_tensor(bundle, path, spec, tile)
        for path, spec in zip(golden.outputs, artifact.outputs, strict=True)
    ]
    outputs = network.run(inputs)
    difference = max(max_difference(a, b) for a, b in zip(outputs, expected, strict=True))
    return GoldenResult(
        part=part,
        format=artifact.format,
        precision=artifact.precision,
        rows=tile.rows,
        columns=tile.columns,
        max_difference=difference,
        tolerance=golden.tolerance,
        passed=difference <= golden.tolerance,
    )


def max_difference(a: NDArray[Any], b: NDArray[Any]) -> float:
    """Largest absolute difference, computed where int8 can't wrap; infinite if any is not finite."""
    difference = float(np.abs(a.astype(np.float64) - b.astype(np.float64)).max())
    return difference if np.isfinite(difference) else float("inf")
