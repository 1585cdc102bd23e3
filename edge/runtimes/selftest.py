"""Does this device's runtime reproduce the golden vectors, in tiles of every size?

A bundle has golden vectors of a few cells, which are laid side by side to fill a tile: inside its halo the
outputs then repeat in the same way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.bundle.bundle import Bundle, read_tensor
from edge.bundle.manifest import Artifact, Format, Golden, PartName, Precision, Tensor, Tile
from edge.errors import MissingArtifact, SelfTestFailed
from edge.integers import ceil_div
from edge.runtimes import available_formats, load_network


@dataclass(frozen=True)
class GoldenResult:
    """One golden vector in one tile, run. Differences are in stored units; what is not finite counts as
    infinite."""

    part: PartName
    format: Format
    precision: Precision
    rows: int
    columns: int
    max_difference: float
    tolerance: float
    passed: bool


def self_test(
    bundle: Bundle,
    threads: int = 1,
    runtime: str | None = None,
    must_pass: bool = False,
    smallest_only: bool = False,
) -> list[GoldenResult]:
    """Run every golden vector that this machine (or ``runtime`` alone) can run, in every tile, or in the
    smallest one of each network only.

    Raises MissingArtifact if there is none, RuntimeUnavailable, and with ``must_pass``
    SelfTestFailed, naming what failed.
    """
    formats = available_formats(runtime)
    results = [
        _run_golden(bundle, part, artifact, golden, tile, threads, runtime)
        for part, networks in bundle.manifest.parts.items()
        for artifact in networks.artifacts
        if artifact.format in formats
        for golden in artifact.golden
        for tile in _tiles(artifact, smallest_only)
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


def _tiles(artifact: Artifact, smallest_only: bool) -> list[Tile]:
    tiles = sorted(artifact.tiles, key=lambda tile: tile.rows * tile.columns)
    return tiles[:1] if smallest_only else tiles


def _run_golden(
    bundle: Bundle,
    part: PartName,
    artifact: Artifact,
    golden: Golden,
    tile: Tile,
    threads: int,
    runtime: str | None,
) -> GoldenResult:
    halo = bundle.manifest.parts[part].halo
    network = load_network(bundle.folder / tile.file, artifact, tile, threads, runtime)
    inputs = [
        side_by_side(read_tensor(bundle, path, spec, golden), spec, tile.rows, tile.columns)
        for path, spec in zip(golden.inputs, artifact.inputs, strict=True)
    ]
    difference = 0.0
    for output, path, spec in zip(network.run(inputs), golden.outputs, artifact.outputs, strict=True):
        expected = side_by_side(read_tensor(bundle, path, spec, golden), spec, tile.rows, tile.columns)
        inside = (slice(None), slice(halo, tile.rows - halo), slice(halo, tile.columns - halo))
        if spec.shape is None:
            output, expected = output[inside], expected[inside]
        difference = max(difference, max_difference(output, expected))
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


def side_by_side(tensor: NDArray[Any], spec: Tensor, rows: int, columns: int) -> NDArray[Any]:
    """A golden tensor as often as it fits into ``rows`` x ``columns`` cells, and cut off where they end;
    one that does not follow the tile stays as it is."""
    if spec.shape is not None:
        return tensor
    down, across = ceil_div(rows, tensor.shape[1]), ceil_div(columns, tensor.shape[2])
    return np.tile(tensor, (1, down, across, 1))[:, :rows, :columns]


def max_difference(a: NDArray[Any], b: NDArray[Any]) -> float:
    """Largest absolute difference, computed where int8 can't wrap; infinite if any is not finite."""
    difference = float(np.abs(a.astype(np.float64) - b.astype(np.float64)).max())
    return difference if np.isfinite(difference) else float("inf")
