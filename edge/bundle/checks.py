"""Consistency checks of a manifest that its schema can't express."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from edge.bundle.manifest import (
    INTEGER_RANGES,
    OPTIONAL,
    ROLES,
    Artifact,
    File,
    Format,
    Golden,
    Manifest,
    Part,
    PartName,
    Precision,
    RelativePath,
    Tensor,
    tensor_bytes,
)
from edge.errors import InvalidManifest


def check_consistency(manifest: Manifest) -> None:
    """Raise InvalidManifest for the first contradiction, naming the part, format and precision."""
    for name, part in manifest.parts.items():
        seen = set()
        for artifact in part.artifacts:
            where = f"{name}, {artifact.format} {artifact.precision}"
            if (artifact.format, artifact.precision) in seen:
                raise InvalidManifest(f"{where}: stated twice.")
            seen.add((artifact.format, artifact.precision))
            for problem in _artifact_problems(name, part, artifact, manifest.files):
                raise InvalidManifest(f"{where}: {problem}.")
    if manifest.detection.low > manifest.detection.high:
        raise InvalidManifest("detection: low is above high.")
    for problem in _latent_problems(manifest):
        raise InvalidManifest(f"{problem}.")


def _artifact_problems(
    name: PartName, part: Part, artifact: Artifact, files: dict[RelativePath, File]
) -> Iterator[str]:
    takes, gives = ROLES[name]
    for tensors, roles, more in (
        (artifact.inputs, takes, OPTIONAL.get(name, set())),
        (artifact.outputs, gives, set()),
    ):
        stated = sorted(tensor.role for tensor in tensors)
        if stated not in (sorted(roles), sorted(roles | more)):
            yield f"has {stated}, where this part has {sorted(roles | more)}"
        if len({tensor.name for tensor in tensors}) != len(tensors):
            yield "two tensors share a name"
    for tensor in (*artifact.inputs, *artifact.outputs):
        yield from _tensor_problems(tensor)
    if part.halo % part.step:
        yield f"the halo ({part.halo}) is no multiple of the step ({part.step})"
    for tile in artifact.tiles:
        if tile.rows % part.step or tile.columns % part.step:
            yield f"a tile of {tile.rows}x{tile.columns} cells is no multiple of the step ({part.step})"
        if min(tile.rows, tile.columns) <= 2 * part.halo:
            yield f"a tile of {tile.rows}x{tile.columns} cells is all halo ({part.halo})"
        if tile.file not in files and not any(name.startswith(f"{tile.file}/") for name in files):
            yield f"{tile.file} is not listed in files"
    for golden in artifact.golden:
        if golden.rows % part.step or golden.columns % part.step:
            yield f"golden vectors of {golden.rows}x{golden.columns} cells don't fit the step ({part.step})"
        yield from _golden_problems(golden, artifact, files)


def _tensor_problems(tensor: Tensor) -> Iterator[str]:
    if tensor.dtype == "float32":
        if (tensor.scale, tensor.zero_point) != (1.0, 0):
            yield f"{tensor.name} is float32 and can't have a scale or zero point"
    elif tensor.scale == 1.0:
        yield f"{tensor.name} is {tensor.dtype} and needs a scale"
    elif tensor.zero_point not in INTEGER_RANGES[tensor.dtype]:
        yield f"{tensor.name} has a zero point outside {tensor.dtype}"
    if tensor.role == "context" and (tensor.shape is None or tensor.shape[-1] != tensor.channels):
        yield f"{tensor.name} needs the context's shape (tokens, channels)"


def _golden_problems(golden: Golden, artifact: Artifact, files: dict[RelativePath, File]) -> Iterator[str]:
    for paths, tensors in ((golden.inputs, artifact.inputs), (golden.outputs, artifact.outputs)):
        if len(paths) != len(tensors):
            yield f"golden vectors for {len(paths)} tensors, where the network has {len(tensors)}"
        for path, tensor in zip(paths, tensors, strict=False):
            if path not in files:
                yield f"{path} is not listed in files"
            elif files[path].bytes != tensor_bytes(tensor, golden):
                yield (
                    f"{path} has {files[path].bytes} bytes, where {tensor.name} has "
                    f"{tensor_bytes(tensor, golden)}"
                )


def _latent_problems(manifest: Manifest) -> Iterator[str]:
    """Latents pass from part to part unchanged, so all parts must store them alike."""
    encoded: list[tuple[PartName, Literal["inputs", "outputs"]]]
    encoded = [("encoder", "outputs"), ("mapper", "inputs"), ("mapper_global", "inputs")]
    mapped: list[tuple[PartName, Literal["inputs", "outputs"]]]
    mapped = [("mapper", "outputs"), ("mapper_global", "outputs"), ("decoder", "inputs")]
    for chain in (encoded, mapped):
        first: dict[tuple[Format, Precision], tuple[str, tuple[object, ...]]] = {}
        for name, side in chain:
            for artifact in manifest.parts[name].artifacts if name in manifest.parts else ():
                kind = (artifact.format, artifact.precision)
                for tensor in artifact.inputs if side == "inputs" else artifact.outputs:
                    if tensor.role not in ("latent", "context"):
                        continue
                    storage = (tensor.channels, tensor.dtype, tensor.scale, tensor.zero_point)
                    here = f"{name}'s {tensor.role} ({side})"
                    origin, expected = first.setdefault(kind, (here, storage))
                    if storage != expected:
                        yield (
                            f"{' '.join(kind)}: {here} is stored as {storage}, but {origin} as {expected}"
                        )
