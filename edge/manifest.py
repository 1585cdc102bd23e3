"""The bundle's manifest: what the networks are, how to feed them, and what was measured.

One typed structure, read by every device. Units: a *cell* is ``stride`` pixels square; a tensor's
real value is ``scale * (stored - zero_point)``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import Meta

from edge.errors import InvalidManifest

FORMAT_VERSION = 1

PublishedName = Literal[
    "detection_256",
    "detection_512",
    "vae_encoder_256",
    "vae_encoder_512",
    "mapping_quality_256",
    "mapping_quality_512",
    "mapping_scratch_256",
    "mapping_scratch_512",
    "mapping_hr_256",
    "mapping_hr_512",
    "vae_decoder_quality_256",
    "vae_decoder_quality_512",
    "vae_decoder_scratch_256",
    "vae_decoder_scratch_512",
    "face_256",
    "face_512",
]
"""The published networks, each for pictures of that many pixels square. Their norms look at the whole
picture, which can't be cut into tiles for them: the runtime passes them by."""

PartName = Literal[
    "scratch", "tone", "finder", "encoder", "mapper", "mapper_global", "decoder", "face", PublishedName
]
Format = Literal["litert", "onnx", "coreml"]
Precision = Literal["float32", "float16", "int8", "mixed", "dynamic", "palettized", "int8_weights"]
"""``int8``: weights and activations, by the recipe that ships; ``mixed``: by a recipe given; ``dynamic``:
INT8 weights, activations rounded as they come; ``palettized``: weights of a few float16 values a tensor;
``int8_weights``: INT8 weights, arithmetic in floating point."""

DataType = Literal["float32", "int8", "uint8"]
Role = Literal[
    "photo",
    "thumbnail",
    "probability",
    "curves",
    "latent",
    "mask",
    "context",
    "residual",
    "gray",
    "picture",
    "face",
    "faces",
    "face_pair",
]

_PUBLISHED: dict[str, tuple[set[Role], set[Role]]] = {
    "detection": ({"gray"}, {"probability"}),
    "vae_encoder": ({"picture"}, {"latent"}),
    "mapping_quality": ({"latent"}, {"latent"}),
    "mapping_scratch": ({"latent", "mask"}, {"latent"}),
    "mapping_hr": ({"latent", "mask"}, {"latent"}),
    "vae_decoder_quality": ({"latent"}, {"picture"}),
    "vae_decoder_scratch": ({"latent"}, {"picture"}),
    "face": ({"face"}, {"face"}),
}

ROLES: dict[PartName, tuple[set[Role], set[Role]]] = {
    "scratch": ({"photo"}, {"probability"}),
    "tone": ({"thumbnail"}, {"curves"}),
    "finder": ({"photo"}, {"faces"}),
    "encoder": ({"photo"}, {"latent"}),
    "mapper": ({"latent"}, {"latent"}),
    "mapper_global": ({"latent", "mask", "context"}, {"latent"}),
    "decoder": ({"latent"}, {"residual"}),
    "face": ({"face_pair"}, {"residual"}),
    **{name: _PUBLISHED[name.rpartition("_")[0]] for name in get_args(PublishedName)},
}
"""What each part takes and gives, every role once; the parts in the order in which a photo meets them."""

INTEGER_RANGES: dict[DataType, range] = {"int8": range(-128, 128), "uint8": range(256)}

Count = Annotated[int, Meta(ge=1)]
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
RelativePath = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$")]


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of the manifest's structures."""


class Tensor(Entry, frozen=True):
    """An input or output: ``(1, rows, columns, channels)``, or ``(1, *shape)`` if that is given."""

    role: Role
    name: str
    channels: Count
    dtype: DataType
    scale: Annotated[float, Meta(gt=0)] = 1.0
    """Integer tensors must state theirs: 1.0 is what a float tensor has."""
    zero_point: int = 0
    shape: list[Count] | None = None
    """For tensors that do not follow the tile: the context, the thumbnail, the curves."""


class Tile(Entry, frozen=True):
    """A network for one fixed tile, halo included, in cells."""

    rows: Count
    columns: Count
    file: RelativePath
    """A Core ML package is a folder: its files are listed one by one."""
    function: str | None = None
    """The signature of a LiteRT file, or the function of a Core ML package; None: its only one."""


class Golden(Entry, frozen=True):
    """Inputs and expected outputs of one tile: raw little-endian tensors, in the artifact's order."""

    tile: Annotated[int, Meta(ge=0)]
    """Index into the artifact's tiles."""
    inputs: list[RelativePath]
    outputs: list[RelativePath]
    tolerance: Annotated[float, Meta(ge=0)]
    """Largest difference allowed, in stored units: levels of an integer tensor or real values."""


class Gate(Entry, frozen=True):
    """What the artifact was proven with, against the full-precision PyTorch model."""

    output_psnr: float
    """dB, on the part's output, peak-to-peak of the reference as the signal's range."""
    residual_psnr: float | None
    """dB, on output minus input of the chain that ends here; only for the decoder."""
    worst_tile_psnr: float
    tiles: Count
    data: str


class Artifact(Entry, frozen=True):
    """One part in one format and precision."""

    format: Format
    precision: Precision
    inputs: list[Tensor]
    outputs: list[Tensor]
    tiles: Annotated[list[Tile], Meta(min_length=1)]
    golden: Annotated[list[Golden], Meta(min_length=1)]
    gate: Gate


class Part(Entry, frozen=True):
    """A step of the pipeline."""

    stride: Count
    halo: Annotated[int, Meta(ge=0)]
    """Receptive-field radius in cells."""
    macs_per_cell: Annotated[int, Meta(ge=0)]
    parameters: Annotated[int, Meta(ge=0)]
    artifacts: Annotated[list[Artifact], Meta(min_length=1)]


class File(Entry, frozen=True):
    """What a file must be."""

    sha256: Sha256
    bytes: Annotated[int, Meta(ge=0)]


class Provenance(Entry, frozen=True):
    """Where the weights come from."""

    recipe: str
    data: str
    licence: str
    tools: dict[str, str]


class Manifest(Entry, frozen=True):
    """The whole manifest (``manifest.json`` at the top of a bundle)."""

    format_version: Literal[1]
    name: str
    version: str
    parts: dict[PartName, Part]
    files: dict[RelativePath, File]
    provenance: Provenance
    working_side: Count = 1024
    """The scratch detector sees the photo shrunk by a whole factor until its long side fits this."""
    scratch_threshold: Annotated[float, Meta(gt=0, lt=1)] = 0.4
    finder_threshold: Annotated[float, Meta(gt=0, lt=1)] = 0.5
    """From which a find counts as a face."""
    figures: dict[str, float] = {}
    """End-to-end figures on the evaluation photos, by name."""


def tensor_shape(tensor: Tensor, tile: Tile) -> tuple[int, ...]:
    """The tensor's full shape in the network for ``tile``, batch dimension included."""
    if tensor.shape is not None:
        return (1, *tensor.shape)
    return (1, tile.rows, tile.columns, tensor.channels)


def tensor_bytes(tensor: Tensor, tile: Tile) -> int:
    """How many bytes the tensor takes, in memory and as a golden file."""
    return math.prod(tensor_shape(tensor, tile)) * (4 if tensor.dtype == "float32" else 1)


def artifact_bytes(manifest: Manifest, artifact: Artifact) -> int:
    """Size of an artefact's files; a Core ML package is a folder of several."""
    paths = {tile.file for tile in artifact.tiles}
    return sum(
        file.bytes
        for name, file in manifest.files.items()
        if name in paths or any(name.startswith(f"{path}/") for path in paths)
    )


def follows_tile(artifact: Artifact) -> bool:
    """Whether the network sees the photo tile by tile (the tone network sees a thumbnail, once)."""
    return any(tensor.shape is None for tensor in artifact.inputs)


def check_consistency(manifest: Manifest) -> None:
    """What a schema can't say: that the manifest's statements agree with one another.

    Raises InvalidManifest, naming the part, format and precision.
    """
    for name, part in manifest.parts.items():
        seen = set()
        for artifact in part.artifacts:
            where = f"{name}, {artifact.format} {artifact.precision}"
            if (artifact.format, artifact.precision) in seen:
                raise InvalidManifest(f"{where}: stated twice.")
            seen.add((artifact.format, artifact.precision))
            for problem in _artifact_problems(name, part, artifact, manifest.files):
                raise InvalidManifest(f"{where}: {problem}.")
    for problem in _latent_problems(manifest):
        raise InvalidManifest(f"{problem}.")


def _artifact_problems(
    name: PartName, part: Part, artifact: Artifact, files: dict[RelativePath, File]
) -> Iterator[str]:
    takes, gives = ROLES[name]
    for tensors, roles in ((artifact.inputs, takes), (artifact.outputs, gives)):
        stated = sorted(tensor.role for tensor in tensors)
        if stated != sorted(roles):
            yield f"has {stated}, where this part has {sorted(roles)}"
        if len({tensor.name for tensor in tensors}) != len(tensors):
            yield "two tensors share a name"
    for tensor in (*artifact.inputs, *artifact.outputs):
        yield from _tensor_problems(tensor)
    for tile in artifact.tiles:
        if min(tile.rows, tile.columns) <= 2 * part.halo:
            yield f"a tile of {tile.rows}x{tile.columns} cells is all halo ({part.halo})"
        if tile.file not in files and not any(name.startswith(f"{tile.file}/") for name in files):
            yield f"{tile.file} is not listed in files"
    for golden in artifact.golden:
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
    if golden.tile >= len(artifact.tiles):
        yield f"golden tile {golden.tile} does not exist"
        return
    tile = artifact.tiles[golden.tile]
    for paths, tensors in ((golden.inputs, artifact.inputs), (golden.outputs, artifact.outputs)):
        if len(paths) != len(tensors):
            yield f"golden vectors for {len(paths)} tensors, where the network has {len(tensors)}"
        for path, tensor in zip(paths, tensors, strict=False):
            if path not in files:
                yield f"{path} is not listed in files"
            elif files[path].bytes != tensor_bytes(tensor, tile):
                yield (
                    f"{path} has {files[path].bytes} bytes, where {tensor.name} has "
                    f"{tensor_bytes(tensor, tile)}"
                )


def _latent_problems(manifest: Manifest) -> Iterator[str]:
    """A latent passes from part to part untouched, so all that hold it must store it alike."""
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


def json_schema() -> dict[str, Any]:
    """The published JSON schema (``docs/bundle.schema.json``)."""
    schema = msgspec.json.schema(Manifest)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
