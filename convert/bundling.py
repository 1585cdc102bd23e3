"""From trained networks to a bundle: convert, quantize, prove, and only then write.

The bundle is built in a folder beside its place and moved there at the end, so that a failing gate or an
interruption leaves the old one alone.
"""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from convert import litert
from convert.errors import GateFailed
from convert.gate import judge
from convert.int8_recipe import Int8Recipe, load_recipe
from convert.nets.mobile.restorer import CONTEXT_SIDE
from convert.parts import End, PartSource
from convert.ranges import part_ranges
from convert.samples import PartSamples, Photos, tile_samples
from convert.trace import first_growth, trace_litert, trace_torch
from edge.bundle import file_entry, write_manifest, write_tensor
from edge.context import pool
from edge.manifest import (
    Artifact,
    DataType,
    File,
    Gate,
    Golden,
    Manifest,
    Part,
    PartName,
    Precision,
    Provenance,
    Tensor,
    Tile,
)
from edge.parts import real, store
from edge.runtimes import Network, load_network

FLOAT_TOLERANCE = 1e-3
"""Between float libraries, in real units: latents reach magnitudes of ten."""

INT8_TOLERANCE = 2.0
"""Levels between runtimes, each of which may round one level apart in more than one layer."""

TOOLS = ("torch", "litert-torch", "ai-edge-quantizer", "ai-edge-litert")

SCRATCH_THRESHOLD = 0.85
"""False scratches cost clean photos most; `heirloom held-out` shows what each threshold finds."""


@dataclass(frozen=True)
class Recipe:
    """What a bundle is made from, besides the networks."""

    name: str
    version: str
    calibration: Photos
    proof: Photos
    provenance: Provenance
    int8: Int8Recipe = field(default_factory=load_recipe)
    ranges: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Learnt ones (`convert.ranges`), in place of those that calibration finds for the restore path."""
    precisions: tuple[Precision, ...] = ("float32", "int8")
    scratch_threshold: float = SCRATCH_THRESHOLD
    figures: dict[str, float] = field(default_factory=dict)


@dataclass
class _Workshop:
    """The bundle being built."""

    folder: Path
    sources: list[PartSource]
    recipe: Recipe
    proof: dict[PartName, PartSamples]
    tell: Callable[[str], None]
    latents: dict[PartName, list[NDArray[Any]]] = field(default_factory=dict)
    """What the INT8 parts made of the proof photos: the next part's input, so that errors add up."""
    files: dict[str, File] = field(default_factory=dict)

    def path(self, source: PartSource, precision: Precision, tile: tuple[int, int]) -> Path:
        return self.folder / f"{source.name}/{precision}-{tile[0]}x{tile[1]}.tflite"


def build_bundle(
    sources: Sequence[PartSource],
    recipe: Recipe,
    folder: Path,
    tell: Callable[[str], None] = lambda step: None,
) -> Manifest:
    """Write the bundle into ``folder``, replacing the one that is there.

    ``tell`` hears what is being done. Raises GateFailed or OperationRefused, and then writes nothing.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        building.chmod(0o755)
        proof = tile_samples(sources, recipe.proof)
        shop = _Workshop(building, list(sources), recipe, proof, tell)
        artifacts = {source.name: _float_artifacts(shop, source) for source in sources}
        if "int8" in recipe.precisions:
            tell("calibration")
            paths = {source.name: shop.path(source, "float32", source.tiles[0]) for source in sources}
            ranges = part_ranges(sources, paths, tile_samples(sources, recipe.calibration), recipe.ranges)
            for source in sources:
                if source.quantized:
                    artifacts[source.name].append(_int8_artifact(shop, source, ranges[source.name]))
        manifest = _manifest(shop, artifacts)
        write_manifest(building, manifest)
        _take_place(building, folder)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    return manifest


def _float_artifacts(shop: _Workshop, source: PartSource) -> list[Artifact]:
    """The float32 artefact, which the INT8 one is made from; dropped later if it isn't wanted."""
    for tile in source.tiles:
        shop.tell(f"{source.name} float32 {tile[0]}x{tile[1]}")
        path = shop.path(source, "float32", tile)
        path.parent.mkdir(exist_ok=True)
        litert.convert_float(source.network, [end.example(*tile) for end in source.inputs], path)
        litert.check_operations(path, tiled=source.stride > 1)
    inputs = [_tensor(f"args_{i}", end) for i, end in enumerate(source.inputs)]
    return [_prove(shop, source, "float32", inputs, [_tensor("output_0", source.output)])]


def _int8_artifact(shop: _Workshop, source: PartSource, ranges: dict[str, Any]) -> Artifact:
    shop.tell(f"{source.name} int8")
    for tile in source.tiles:
        path = shop.path(source, "int8", tile)
        litert.convert_int8(shop.path(source, "float32", tile), ranges, source.name, shop.recipe.int8, path)
        litert.check_operations(path, tiled=source.stride > 1)
    ends = litert.stored_ends(shop.path(source, "int8", source.tiles[0]))
    inputs = [_tensor(f"args_{i}", end, "int8", *ends[f"args_{i}"]) for i, end in enumerate(source.inputs)]
    outputs = [_tensor("output_0", source.output, "int8", *ends["output_0"])]
    return _prove(shop, source, "int8", inputs, outputs)


def _prove(
    shop: _Workshop,
    source: PartSource,
    precision: Precision,
    inputs: list[Tensor],
    outputs: list[Tensor],
) -> Artifact:
    """Run every tile size against the model; returns the artefact with its gate and golden vectors."""
    tiles = [
        Tile(rows=t[0], columns=t[1], file=str(shop.path(source, precision, t).relative_to(shop.folder)))
        for t in source.tiles
    ]
    draft = Artifact(
        format="litert",
        precision=precision,
        inputs=inputs,
        outputs=outputs,
        tiles=tiles,
        golden=[],
        gate=Gate(output_psnr=0, residual_psnr=None, worst_tile_psnr=0, tiles=1, data=""),
    )
    networks = [load_network(shop.folder / tile.file, draft, tile, threads=2) for tile in tiles]
    samples = shop.proof[source.name]
    stored_inputs = _stored_inputs(shop, source, draft)
    stored = [networks[0].run(inputs)[0] for inputs in stored_inputs]
    if precision == "int8":
        shop.latents[source.name] = stored
    got = [real(output, outputs[0]) for output in stored]
    wanted = list(samples.outputs)
    # The other tile sizes hold the same weights and ranges: one large sample each shows it.
    for network, tile in zip(networks[1:], source.tiles[1:], strict=True):
        large = [
            _fitted(value, end, tile) for value, end in zip(samples.inputs[0], source.inputs, strict=True)
        ]
        with torch.no_grad():
            wanted.append(source.network(*map(torch.from_numpy, large)).numpy())
        got.append(_run(network, draft, large))
    try:
        gate = judge(
            source.name,
            precision,
            wanted,
            got,
            shop.recipe.proof.description,
            peak=1.0 if source.output.role == "residual" else None,
            residuals=(wanted, got) if source.output.role == "residual" else None,
        )
    except GateFailed as error:
        results = trace_litert(shop.folder / tiles[0].file, litert.SIGNATURE, stored_inputs[0])
        grown = first_growth(trace_torch(source.network, samples.inputs[0]), results)
        raise GateFailed(f"{error} {grown}." if grown else str(error)) from error
    shop.files.update({tile.file: file_entry(shop.folder / tile.file) for tile in tiles})
    golden = _golden(shop, source, draft, networks)
    return Artifact(
        format="litert",
        precision=precision,
        inputs=inputs,
        outputs=outputs,
        tiles=tiles,
        golden=[golden],
        gate=gate,
    )


def _stored_inputs(shop: _Workshop, source: PartSource, artifact: Artifact) -> list[list[NDArray[Any]]]:
    """The proof's inputs as the artefact stores them; INT8 parts see what the INT8 parts before gave."""
    stored = [
        [store(value, spec) for value, spec in zip(sample, artifact.inputs, strict=True)]
        for sample in shop.proof[source.name].inputs
    ]
    if artifact.precision == "int8":
        made = shop.latents
        for index, inputs in enumerate(stored):
            if source.name in ("mapper", "mapper_global"):
                # The encoder's samples alternate between photos without and with scratches.
                inputs[0] = made["encoder"][2 * index + (source.name == "mapper_global")]
            if source.name == "mapper_global":
                intact = inputs[1][0].max(axis=-1) == inputs[1].min()
                inputs[2] = pool(inputs[0][0], intact, CONTEXT_SIDE, artifact.inputs[2])[None]
            if source.name == "decoder":
                # The samples alternate between the two mappers.
                inputs[0] = made[("mapper", "mapper_global")[index % 2]][index // 2]
    return stored


def _run(network: Network, artifact: Artifact, values: Sequence[NDArray[Any]]) -> NDArray[Any]:
    stored = [store(value, spec) for value, spec in zip(values, artifact.inputs, strict=True)]
    return real(network.run(stored)[0], artifact.outputs[0])


def _fitted(value: NDArray[Any], end: End, tile: tuple[int, int]) -> NDArray[Any]:
    """A sample cut, or mirrored on, to the size of another tile."""
    if end.shape is not None:
        return value
    cut = value[:, : tile[0], : tile[1]]
    grow = [(0, 0), (0, tile[0] - cut.shape[1]), (0, tile[1] - cut.shape[2]), (0, 0)]
    return np.pad(cut, grow, mode="symmetric")


def _golden(shop: _Workshop, source: PartSource, artifact: Artifact, networks: list[Network]) -> Golden:
    """Golden vectors for the smallest tile, to keep the bundle small."""
    index = min(range(len(source.tiles)), key=lambda i: source.tiles[i][0] * source.tiles[i][1])
    sample = shop.proof[source.name].inputs[0]
    values = [
        _fitted(value, end, source.tiles[index]) for value, end in zip(sample, source.inputs, strict=True)
    ]
    stored = [store(value, spec) for value, spec in zip(values, artifact.inputs, strict=True)]
    if artifact.precision == "int8":
        expected, tolerance = networks[index].run(stored)[0], INT8_TOLERANCE
    else:
        with torch.no_grad():
            expected = source.network(*map(torch.from_numpy, values)).numpy()
        tolerance = FLOAT_TOLERANCE
    stem = f"golden/{source.name}-{artifact.precision}"
    inputs = [f"{stem}-in{number}.bin" for number in range(len(stored))]
    for path, tensor in zip([*inputs, f"{stem}-out0.bin"], [*stored, expected], strict=True):
        shop.files[path] = write_tensor(shop.folder, path, tensor)
    return Golden(tile=index, inputs=inputs, outputs=[f"{stem}-out0.bin"], tolerance=tolerance)


def _tensor(
    name: str, end: End, dtype: DataType = "float32", scale: float = 1.0, zero_point: int = 0
) -> Tensor:
    shape = list(end.shape) if end.shape else None
    return Tensor(
        role=end.role,
        name=name,
        channels=end.channels,
        dtype=dtype,
        scale=scale,
        zero_point=zero_point,
        shape=shape,
    )


def _manifest(shop: _Workshop, artifacts: dict[PartName, list[Artifact]]) -> Manifest:
    parts = {}
    for source in shop.sources:
        parts[source.name] = Part(
            stride=source.stride,
            halo=source.halo,
            macs_per_cell=source.macs_per_cell(),
            parameters=source.parameters(),
            artifacts=artifacts[source.name],
        )
    tools = {name: importlib.metadata.version(name) for name in TOOLS}
    given = shop.recipe.provenance
    return Manifest(
        format_version=1,
        name=shop.recipe.name,
        version=shop.recipe.version,
        parts=parts,
        files=shop.files,
        provenance=Provenance(
            recipe=given.recipe, data=given.data, licence=given.licence, tools={**tools, **given.tools}
        ),
        scratch_threshold=shop.recipe.scratch_threshold,
        figures=shop.recipe.figures,
    )


def _take_place(building: Path, folder: Path) -> None:
    """Move the finished bundle to its place; the old one goes only when the new one is there."""
    old = folder.with_name(f".{folder.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        os.replace(folder, old)
    os.replace(building, folder)
    shutil.rmtree(old, ignore_errors=True)
