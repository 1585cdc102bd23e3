"""Does this device's runtime reproduce the golden vectors, in tiles of every size?

A bundle has golden vectors of a small tile. In a larger one they are laid side by side: what a cell sees
within its halo is the same then, so each copy's centre must come out as it does alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.bundle import Bundle, read_tensor
from edge.errors import MissingArtifact, SelfTestFailed
from edge.manifest import Artifact, Format, Golden, PartName, Precision, Tensor, Tile
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
    own_tiles: bool = False,
) -> list[GoldenResult]:
    """Run every golden vector that this machine (or ``runtime`` alone) can run, in each tile that it fits,
    or in its ``own_tiles`` only.

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
        for tile in _tiles(artifact, golden, own_tiles)
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


def _tiles(artifact: Artifact, golden: Golden, own_only: bool) -> list[Tile]:
    """The golden vector's own tile, then the larger ones."""
    own = artifact.tiles[golden.tile]
    others = (tile for tile in artifact.tiles if tile is not own and not own_only)
    return [own, *(tile for tile in others if tile.rows >= own.rows and tile.columns >= own.columns)]


def _run_golden(
    bundle: Bundle,
    part: PartName,
    artifact: Artifact,
    golden: Golden,
    tile: Tile,
    threads: int,
    runtime: str | None,
) -> GoldenResult:
    own, halo = artifact.tiles[golden.tile], bundle.manifest.parts[part].halo
    network = load_network(bundle.folder / tile.file, artifact, tile, threads, runtime)
    inputs = [
        _side_by_side(read_tensor(bundle, path, spec, own), spec, tile)
        for path, spec in zip(golden.inputs, artifact.inputs, strict=True)
    ]
    difference = 0.0
    outputs = zip(network.run(inputs), golden.outputs, artifact.outputs, strict=True)
    for output, path, spec in outputs:
        expected = read_tensor(bundle, path, spec, own)
        if tile is not own:
            output, expected = (_centres(each, own, halo) for each in (output, expected))
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


def _side_by_side(tensor: NDArray[Any], spec: Tensor, tile: Tile) -> NDArray[Any]:
    """A golden input as often as it fits into ``tile``, and cut off where the tile ends."""
    if spec.shape is not None:
        return tensor
    down, across = -(-tile.rows // tensor.shape[1]), -(-tile.columns // tensor.shape[2])
    return np.tile(tensor, (1, down, across, 1))[:, : tile.rows, : tile.columns]


def _centres(tensor: NDArray[Any], own: Tile, halo: int) -> NDArray[Any]:
    """What no copy's neighbour reaches, ``(copies down, rows, copies across, columns, channels)``."""
    down, across = tensor.shape[1] // own.rows, tensor.shape[2] // own.columns
    whole = tensor[0, : down * own.rows, : across * own.columns]
    copies = whole.reshape(down, own.rows, across, own.columns, -1)
    return copies[:, halo : own.rows - halo, :, halo : own.columns - halo]


def max_difference(a: NDArray[Any], b: NDArray[Any]) -> float:
    """Largest absolute difference, computed where int8 can't wrap; infinite if any is not finite."""
    difference = float(np.abs(a.astype(np.float64) - b.astype(np.float64)).max())
    return difference if np.isfinite(difference) else float("inf")
