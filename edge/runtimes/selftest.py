"""The self-test: whether this device's runtime reproduces the golden vectors in tiles of every size.

Golden vectors cover a few cells and are repeated to fill a tile; inside the halo the outputs then repeat in
the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.bundle.bundle import Bundle, find_artifact, read_tensor
from edge.bundle.manifest import Artifact, Format, Golden, PartName, Precision, Tensor, Tile
from edge.errors import MissingArtifact, SelfTestFailed
from edge.integers import ceil_div
from edge.runtimes import available_formats, can_resize, load_network


@dataclass(frozen=True)
class GoldenRun:
    """A golden vector, the tile whose network runs it, and the size in cells that it is given."""

    part: PartName
    artifact: Artifact
    golden: Golden
    tile: Tile
    rows: int
    columns: int

    def __str__(self) -> str:
        artifact = self.artifact
        return f"{self.part} ({artifact.format} {artifact.precision}, {self.rows}x{self.columns})"


@dataclass(frozen=True)
class GoldenResult:
    """The result of one golden vector in one tile. Differences are in stored units; values that are not
    finite count as infinite."""

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
    """Run all golden vectors whose format this machine runs.

    Args:
        bundle: An opened bundle.
        threads: CPU threads.
        runtime: Run only this runtime.
        must_pass: Raise SelfTestFailed if any vector differs.
        smallest_only: Run only the smallest tile of each network.

    Raises:
        MissingArtifact: The bundle has no golden vector for this machine.
        RuntimeUnavailable: No runtime is installed.
        SelfTestFailed: A vector differs; the message names it.
    """
    runs = golden_runs(bundle, available_formats(runtime), smallest_only)
    results = [result_of(run, difference(bundle, run, threads, runtime)) for run in runs]
    if must_pass:
        check_passed(results)
    return results


def golden_runs(
    bundle: Bundle,
    formats: Sequence[Format],
    smallest_only: bool = False,
    precision: Precision | None = None,
) -> list[GoldenRun]:
    """The golden vectors of these formats, each with each tile that it is run in.

    Args:
        bundle: An opened bundle.
        formats: The formats.
        smallest_only: Take only the smallest tile of each network.
        precision: Take only the artifacts that are used in this precision.

    Raises:
        MissingArtifact: There are none.
    """
    runs = [
        GoldenRun(part, artifact, golden, *fitting)
        for part, networks in bundle.manifest.parts.items()
        for artifact in networks.artifacts
        if artifact.format in formats
        and (precision is None or artifact is used_artifact(bundle, part, precision, formats))
        for golden in artifact.golden
        for fitting in _sizes(artifact, networks.step, smallest_only)
    ]
    if not runs:
        raise MissingArtifact(f"The bundle has nothing that {', '.join(formats)} can run.")
    return runs


def used_artifact(
    bundle: Bundle, part: PartName, precision: Precision, formats: Sequence[Format]
) -> Artifact | None:
    """The artifact of a part that is used in a precision; None if there is none."""
    with suppress(MissingArtifact):
        return find_artifact(bundle, part, precision, formats)
    return None


def result_of(run: GoldenRun, difference: float) -> GoldenResult:
    """What the largest difference from the expected values says."""
    return GoldenResult(
        part=run.part,
        format=run.artifact.format,
        precision=run.artifact.precision,
        rows=run.rows,
        columns=run.columns,
        max_difference=difference,
        tolerance=run.golden.tolerance,
        passed=difference <= run.golden.tolerance,
    )


def check_passed(results: Sequence[GoldenResult]) -> None:
    """Raise SelfTestFailed if any vector differs; the message names it."""
    failed = [result for result in results if not result.passed]
    if failed:
        names = ", ".join(
            dict.fromkeys(f"{result.part} ({result.format} {result.precision})" for result in failed)
        )
        raise SelfTestFailed(
            f"This machine's runtime does not reproduce the golden vectors: {names}. "
            "Restored photos would be wrong; install another version of the runtime."
        )


def _sizes(artifact: Artifact, step: int, smallest_only: bool) -> list[tuple[Tile, int, int]]:
    """Tiles in their own sizes, and the smallest in one that no tile has, if its network runs in any."""
    tiles = sorted(artifact.tiles, key=lambda tile: tile.rows * tile.columns)
    if smallest_only:
        return [(tiles[0], tiles[0].rows, tiles[0].columns)]
    sizes = [(tile, tile.rows, tile.columns) for tile in tiles]
    if artifact.resizes and can_resize(artifact.format):
        sizes.append((tiles[0], tiles[0].rows + step, tiles[0].columns))
    return sizes


def difference(bundle: Bundle, run: GoldenRun, threads: int, runtime: str | None) -> float:
    """The largest difference of a network's outputs from the expected ones, in stored units.

    Raises:
        RuntimeUnavailable: The network can't be loaded or run.
        InvalidManifest: The network is not what the manifest says.
    """
    artifact, golden, rows, columns = run.artifact, run.golden, run.rows, run.columns
    halo = bundle.manifest.parts[run.part].halo
    network = load_network(bundle.folder / run.tile.file, artifact, run.tile, threads, runtime)
    inputs = [
        side_by_side(read_tensor(bundle, path, spec, golden), spec, rows, columns)
        for path, spec in zip(golden.inputs, artifact.inputs, strict=True)
    ]
    largest = 0.0
    for output, path, spec in zip(network.run(inputs), golden.outputs, artifact.outputs, strict=True):
        expected = side_by_side(read_tensor(bundle, path, spec, golden), spec, rows, columns)
        inside = (slice(None), slice(halo, rows - halo), slice(halo, columns - halo))
        if spec.shape is None:
            output, expected = output[inside], expected[inside]
        largest = max(largest, max_difference(output, expected))
    return largest


def side_by_side(tensor: NDArray[Any], spec: Tensor, rows: int, columns: int) -> NDArray[Any]:
    """A golden tensor repeated to fill ``rows`` x ``columns`` cells; one that does not follow the tile is
    returned as it is."""
    if spec.shape is not None:
        return tensor
    down, across = ceil_div(rows, tensor.shape[1]), ceil_div(columns, tensor.shape[2])
    return np.tile(tensor, (1, down, across, 1))[:, :rows, :columns]


def max_difference(a: NDArray[Any], b: NDArray[Any]) -> float:
    """Largest absolute difference, computed where int8 can't wrap; infinite if any is not finite."""
    difference = float(np.abs(a.astype(np.float64) - b.astype(np.float64)).max())
    return difference if np.isfinite(difference) else float("inf")
