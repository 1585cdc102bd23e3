"""Proves an artifact: runs all its tile sizes and compares them with the full-precision PyTorch model."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray

from convert.errors import GateFailed
from convert.mobile.nets.restorer import CONTEXT_SIDE
from convert.mobile.parts import PartSource, TensorSpec
from convert.mobile.samples import PartSamples
from convert.proof.gate import judge, measure
from convert.proof.mil import runtime
from convert.proof.trace import (
    LayerError,
    first_growth,
    layer_errors,
    trace_litert,
    trace_onnx,
    trace_torch,
)
from edge.bundle.bundle import write_tensor
from edge.bundle.manifest import Artifact, File, Format, Gate, Golden, PartName, Precision
from edge.errors import RuntimeUnavailable
from edge.restore.context import pool
from edge.restore.tiles.parts import real, store
from edge.runtimes import Network, load_network
from edge.runtimes.selftest import side_by_side

FLOAT_TOLERANCE = 1e-3
"""Between float libraries, in real units: latents reach magnitudes of ten."""

ROUNDED_TOLERANCE = 0.02
"""Share of the output's peak-to-peak by which devices that compute in float16 or INT8 with float ends may
differ from what is expected."""

INT8_TOLERANCE = 2.0
"""Levels between runtimes, each of which may round one level apart in more than one layer."""

GOLDEN_SIDE = 16
"""Cells along a side of golden vectors, at most: a multiple of every network's step."""

Chain = dict[PartName, list[NDArray[Any]]]


@dataclass(frozen=True)
class Measured:
    """An artifact's gate, and what it was measured on: the samples' outputs, PyTorch's and its own."""

    gate: Gate
    wanted: list[NDArray[Any]]
    got: list[NDArray[Any]]


@dataclass
class Prover:
    """Proves the artifacts of a bundle in ``folder`` on samples of the full-precision networks."""

    folder: Path
    samples: dict[PartName, PartSamples]
    data: str
    chains: dict[tuple[Format, Precision], Chain] = field(default_factory=dict)
    """Outputs of the parts of each format and precision: inputs of the next part, so that errors add up."""

    def prove(self, source: PartSource, draft: Artifact) -> tuple[Artifact, dict[str, File]]:
        """The artifact with its gate and golden vectors, and the files of the latter.

        A Core ML package is proven by the interpreter, and on a Mac by Core ML too. Raises GateFailed,
        naming the layer where the error first grows.
        """
        if draft.format == "coreml" and sys.platform == "darwin":
            self._judged(source, draft, open_networks(self.folder, draft, "coreml"))
        networks = open_networks(self.folder, draft)
        gate = self._judged(source, draft, networks)
        golden, files = self._golden(source, draft, networks)
        resizes = draft.format == "litert" and source.halo > 0 and self._resizes(source, draft)
        return msgspec.structs.replace(draft, gate=gate, golden=[golden], resizes=resizes), files

    def _resizes(self, source: PartSource, artifact: Artifact) -> bool:
        """Whether the first network gives the same for inputs of another size, inside the halo."""
        network, halo = open_networks(self.folder, artifact)[0], source.halo
        tile = artifact.tiles[0]
        wide, high = (tile.rows, tile.columns + source.step), (tile.rows + source.step, tile.columns)
        outputs = []
        for size in (wide, high):
            values = [
                _fitted(value, end, size)
                for value, end in zip(self.samples[source.name].inputs[0], source.inputs, strict=True)
            ]
            fed = [store(value, spec) for value, spec in zip(values, artifact.inputs, strict=True)]
            try:
                (output,) = network.run(fed)
            except RuntimeUnavailable:
                return False
            outputs.append(output[:, halo : tile.rows - halo, halo : tile.columns - halo])
        return np.array_equal(outputs[0], outputs[1])

    def _judged(self, source: PartSource, draft: Artifact, networks: Sequence[Network]) -> Gate:
        measured = self.measure(source, draft, networks)
        try:
            judge(source.name, draft.precision, measured.gate)
        except GateFailed as error:
            grown = first_growth(self.layers(source, draft, 0))
            raise GateFailed(f"{error} ({draft.format}) {grown or ''}".strip() + ".") from error
        return measured.gate

    def measure(self, source: PartSource, artifact: Artifact, networks: Sequence[Network]) -> Measured:
        """Run all samples in the first tile size, and one in every other: weights and ranges are shared."""
        _, stored = self._run(source, artifact, networks[0])
        got = [real(output, artifact.outputs[0]) for output in stored]
        wanted = list(self.samples[source.name].outputs)
        first = self.samples[source.name].inputs[0]
        for network, tile in zip(networks[1:], artifact.tiles[1:], strict=True):
            size = tile.rows, tile.columns
            large = [_fitted(value, end, size) for value, end in zip(first, source.inputs, strict=True)]
            wanted.append(_exact(source, large))
            fed = [store(value, spec) for value, spec in zip(large, artifact.inputs, strict=True)]
            got.append(real(network.run(fed)[0], artifact.outputs[0]))
        before = self.samples[source.name].before
        gate = measure(wanted, got, self.data, source.output.role, before)
        return Measured(gate, wanted[: len(stored)], got[: len(stored)])

    def layers(self, source: PartSource, artifact: Artifact, index: int) -> list[LayerError]:
        """The error of every convolution on one sample, with inputs from the artifacts of earlier parts."""
        chain = self.chains[artifact.format, artifact.precision]
        fed = self._stored_inputs(source, artifact, chain)[index]
        values = self.samples[source.name].inputs[index]
        return layer_errors(trace_torch(source.network, values), _traced(self.folder, artifact, fed))

    def recall(self, source: PartSource, artifact: Artifact) -> None:
        """Run an artifact that was proven earlier, for the inputs of later parts."""
        self._run(source, artifact, open_networks(self.folder, artifact)[0])

    def _run(
        self, source: PartSource, artifact: Artifact, network: Network
    ) -> tuple[list[list[NDArray[Any]]], list[NDArray[Any]]]:
        """Inputs and outputs of all samples, as stored."""
        chain = self.chains.setdefault((artifact.format, artifact.precision), {})
        inputs = self._stored_inputs(source, artifact, chain)
        chain[source.name] = [network.run(fed)[0] for fed in inputs]
        return inputs, chain[source.name]

    def _stored_inputs(
        self, source: PartSource, artifact: Artifact, chain: Chain
    ) -> list[list[NDArray[Any]]]:
        stored = [
            [store(value, spec) for value, spec in zip(sample, artifact.inputs, strict=True)]
            for sample in self.samples[source.name].inputs
        ]
        for index, inputs in enumerate(stored):
            origin = self.samples[source.name].origins[index]
            if origin is not None:
                inputs[0] = chain[origin.part][origin.sample]
            if source.name == "mapper_global":
                intact = inputs[1][0].max(axis=-1) == inputs[1].min()
                inputs[2] = pool(inputs[0][0], intact, CONTEXT_SIDE, artifact.inputs[2])[None]
        return stored

    def _golden(
        self, source: PartSource, artifact: Artifact, networks: Sequence[Network]
    ) -> tuple[Golden, dict[str, File]]:
        """Golden vectors of a few cells, to keep the bundle small; of whole tiles if there is no halo."""
        tile, tiled = source.tiles[0], source.halo > 0
        rows, columns = (_few_cells(side, source) if tiled else side for side in tile)
        first = self.samples[source.name].inputs[0]
        few = [
            _fitted(value, end, (rows, columns)) for value, end in zip(first, source.inputs, strict=True)
        ]
        values = [
            side_by_side(value, spec, *tile) for value, spec in zip(few, artifact.inputs, strict=True)
        ]
        fed = [store(value, spec) for value, spec in zip(values, artifact.inputs, strict=True)]
        whole = artifact.inputs[0].dtype == "int8"
        if artifact.precision == "float32":
            expected, tolerance = _exact(source, values), FLOAT_TOLERANCE
        else:
            expected = networks[0].run(fed)[0]
            tolerance = INT8_TOLERANCE if whole else ROUNDED_TOLERANCE * float(np.ptp(expected))
        if tiled:
            expected = _repeated(expected, source.halo, rows, columns)
        stored = [store(value, spec) for value, spec in zip(few, artifact.inputs, strict=True)]
        own = f"{artifact.format}-{artifact.precision}"
        # All artifacts with float ends are fed the same.
        inputs = [
            f"golden/{source.name}-{own if whole else 'float'}-in{number}.bin" for number in range(len(fed))
        ]
        output = f"golden/{source.name}-{'float32' if artifact.precision == 'float32' else own}-out0.bin"
        files = {
            path: write_tensor(self.folder, path, tensor)
            for path, tensor in zip([*inputs, output], [*stored, expected], strict=True)
        }
        golden = Golden(rows=rows, columns=columns, inputs=inputs, outputs=[output], tolerance=tolerance)
        return golden, files


def open_networks(folder: Path, artifact: Artifact, runtime: str | None = None) -> list[Network]:
    """The networks of all tiles, ready to run here; by default Core ML's are interpreted."""
    if runtime is None and artifact.format == "coreml":
        runtime = "coreml-interpreted"
    return [load_network(folder / tile.file, artifact, tile, 2, runtime) for tile in artifact.tiles]


def _few_cells(side: int, source: PartSource) -> int:
    """As many cells as golden vectors have along a side of a tile: all of them must lie inside the halo."""
    return min(GOLDEN_SIDE, (side - 2 * source.halo) // source.step * source.step)


def _repeated(output: NDArray[Any], halo: int, rows: int, columns: int) -> NDArray[Any]:
    """The cells that repeat inside the halo of a tile ``(1, h, w, channels)`` filled with ``rows`` x
    ``columns`` cells side by side."""
    repeated = np.zeros((1, rows, columns, output.shape[3]), output.dtype)
    down, across = (np.arange(halo, side - halo) for side in output.shape[1:3])
    repeated[0, (down % rows)[:, None], across % columns] = output[0, down[:, None], across]
    return repeated


def _traced(folder: Path, artifact: Artifact, fed: Sequence[NDArray[Any]]) -> list[NDArray[np.float32]]:
    """What every convolution of an artifact gives, channels last."""
    tile = artifact.tiles[0]
    path = folder / tile.file
    if artifact.format == "litert":
        return trace_litert(path, tile.function, fed)
    if artifact.format == "onnx":
        return trace_onnx(path, fed)
    kept, _ = runtime.load(path, artifact, tile, threads=2).trace(fed)
    return [value.transpose(0, 2, 3, 1) for value in kept]


def _exact(source: PartSource, values: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    with torch.no_grad():
        out: NDArray[np.float32] = source.network(*map(torch.from_numpy, values)).numpy()
    return np.ascontiguousarray(out)


def _fitted(value: NDArray[Any], end: TensorSpec, tile: tuple[int, int]) -> NDArray[Any]:
    """A sample cut, or mirrored on, to the size of another tile."""
    if end.shape is not None:
        return value
    cut = value[:, : tile[0], : tile[1]]
    grow = [(0, 0), (0, tile[0] - cut.shape[1]), (0, tile[1] - cut.shape[2]), (0, 0)]
    return np.pad(cut, grow, mode="symmetric")
