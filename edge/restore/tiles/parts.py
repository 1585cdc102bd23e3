"""A bundle's parts, ready to run: networks loaded on first use, real values to stored ones and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.bundle.bundle import Bundle, find_artifact, find_part
from edge.bundle.manifest import INTEGER_RANGES, Artifact, Part, PartName, Precision, Tensor, follows_tile
from edge.errors import NetworkFailed
from edge.integers import ceil_div
from edge.restore.tiles.tiling import Box, Placement, fitted, plan, window
from edge.runtimes import Network, available_formats, can_resize, formats_in_turn, load_network
from edge.runtimes.trial import require_tried

ROOM, DETECTOR_ROOM = 256 * 256, 216 * 216
"""Most cells of a tile of any size, and of one of the damage detector, whose first maps are wide and partly
float: those of the largest tiles of the networks that ship."""


@dataclass
class Usage:
    """Time and work of the networks so far, for benchmarks and progress."""

    seconds: float = 0.0
    macs: int = 0


@dataclass
class LoadedPart:
    """One part in one format and precision."""

    name: PartName
    part: Part
    artifact: Artifact
    bundle: Bundle
    threads: int
    runtime: str | None
    usage: Usage
    offered: list[int]
    """Indices of the artifact's tiles that the memory budget allows."""
    networks: dict[int, Network] = field(default_factory=dict)
    room: int | None = None
    """Cells that a tile may have, halo included, where the first of those offered runs at any size: then
    none of the others is used. None: there are only the offered sizes."""

    @property
    def halo(self) -> int:
        """Receptive-field radius in cells."""
        return self.part.halo

    def sizes(self) -> list[tuple[int, int]]:
        """Offered tile sizes in cells, halo included."""
        tiles = self.artifact.tiles
        return [(tiles[index].rows, tiles[index].columns) for index in self.offered]

    def cover(self, area: Box) -> list[tuple[Placement, Box]]:
        """The cheapest tiles for ``area``, each with the window that it reads."""
        sizes, step = self.sizes(), self.part.step
        if self.room is not None:
            keeps = fitted(area, step, self.halo, self.room)
            return [(Placement(keep, 0), _whole_steps(keep, step).grown(self.halo)) for keep in keeps]
        placements = plan(area, sizes, self.halo)
        return [(p, window(p.keep, sizes[p.size], self.halo)) for p in placements]

    def cost(self, reads: Box) -> int:
        """Multiply-accumulates of a tile that reads the window ``reads``, halo included."""
        return max(1, self.part.macs_per_cell) * reads.rows * reads.columns

    def run(self, placement: Placement, inputs: Sequence[NDArray[Any]]) -> NDArray[Any]:
        """Outputs inside the halo, from ``inputs`` of the window's size; both without a batch dimension.

        Raises:
            NetworkFailed: A float output is not finite.
        """
        index = self.offered[placement.size]
        tile = self.artifact.tiles[index]
        if index not in self.networks:
            path = self.bundle.folder / tile.file
            self.networks[index] = load_network(path, self.artifact, tile, self.threads, self.runtime)
        started = perf_counter()
        (output,) = self.networks[index].run([np.ascontiguousarray(value)[None] for value in inputs])
        self.usage.seconds += perf_counter() - started
        tiled = (value for value, spec in zip(inputs, self.artifact.inputs, strict=True) if not spec.shape)
        rows, columns = next(tiled).shape[:2] if follows_tile(self.artifact) else (tile.rows, tile.columns)
        self.usage.macs += self.cost(Box(0, 0, rows, columns))
        # The extremes tell, too, and need no array of their own.
        if output.dtype.kind == "f" and not (np.isfinite(output.min()) and np.isfinite(output.max())):
            raise NetworkFailed(
                f"The {self.name} network returned values that are not finite: run `heirloom bundle "
                "verify`, and use another precision or runtime if it fails."
            )
        if self.artifact.outputs[0].shape is not None:
            return np.asarray(output[0])
        keep = placement.keep
        return np.asarray(
            output[0, self.halo : self.halo + keep.rows, self.halo : self.halo + keep.columns]
        )


def load_part(
    bundle: Bundle,
    name: PartName,
    precision: Precision,
    threads: int,
    runtime: str | None,
    usage: Usage,
    max_cells: int | None = None,
) -> LoadedPart:
    """Load a part of a bundle; its networks are loaded on first use.

    Args:
        bundle: The bundle.
        name: The part.
        precision: Precision of the artifact, or what stands in for it.
        threads: CPU threads of the networks.
        runtime: Name of a runtime; None: the first that is installed.
        usage: Counts the networks' work.
        max_cells: Larger tiles are left out, but never all of them; None: no limit.

    Raises:
        MissingArtifact: The bundle has no such part.
        RuntimeUnavailable: No runtime reads it.
        NetworkCrashes: A network of the bundle ends the process that runs it.
        SelfTestFailed: The part's network does not give its golden vectors on this machine.
    """
    artifact = find_artifact(bundle, name, precision, formats_in_turn(runtime))
    require_tried(bundle, name, precision, artifact, runtime)
    areas = [tile.rows * tile.columns for tile in artifact.tiles]
    most = max(min(areas), max_cells if max_cells is not None else max(areas))
    offered = [index for index, area in enumerate(areas) if area <= most]
    resizes = artifact.resizes and can_resize(artifact.format, runtime)
    largest = DETECTOR_ROOM if name == "scratch" else ROOM
    room = max(min(areas), min(largest, largest if max_cells is None else max_cells)) if resizes else None
    part = bundle.manifest.parts[name]
    return LoadedPart(name, part, artifact, bundle, threads, runtime, usage, offered, room=room)


def offered_precisions(bundle: Bundle, runtime: str | None = None) -> list[Precision]:
    """The precisions in which this machine can run the bundle's encoder, INT8 first."""
    formats = available_formats(runtime)
    artifacts = find_part(bundle, "encoder").artifacts
    found = {artifact.precision for artifact in artifacts if artifact.format in formats}
    wanted: tuple[Precision, ...] = ("int8", "mixed", "dynamic", "float16", "float32")
    return [precision for precision in wanted if precision in found]


def _whole_steps(keep: Box, step: int) -> Box:
    """The box grown to the right and below to whole steps."""
    bottom, right = (ceil_div(length, step) * step for length in (keep.rows, keep.columns))
    return Box(keep.top, keep.left, keep.top + bottom, keep.left + right)


def store(values: NDArray[Any], spec: Tensor) -> NDArray[Any]:
    """Real values as the tensor stores them."""
    if spec.dtype == "float32":
        return values.astype(np.float32)
    levels = INTEGER_RANGES[spec.dtype]
    stored = np.round(values / spec.scale) + spec.zero_point
    return np.clip(stored, levels[0], levels[-1]).astype(spec.dtype)


def real(stored: NDArray[Any], spec: Tensor) -> NDArray[np.float32]:
    """Stored values as real ones."""
    if spec.dtype == "float32":
        return stored.astype(np.float32, copy=False)
    return ((stored.astype(np.float32) - spec.zero_point) * spec.scale).astype(np.float32)
