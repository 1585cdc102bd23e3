"""The bundle's manifest: what the networks are, how to feed them, and what was measured.

One typed structure, read by every device. Units: a *cell* is ``stride`` pixels square; a tensor's
real value is ``scale * (stored - zero_point)``.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import Meta

FORMAT_VERSION = 2

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
"""The published networks, each for square pictures of one size. Their norms depend on the whole picture, so
that tiles are impossible: the runtime does not use them."""

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
"""The roles of each part's inputs and outputs; the parts are in the order of the pipeline."""

OPTIONAL: dict[PartName, set[Role]] = {"decoder": {"photo"}}
"""Inputs that a part may have besides. A decoder that takes the photo sees its own cells alone: of those
beyond the tile's halo nothing may reach the result."""

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
    """Inputs and expected outputs of some cells: raw little-endian tensors, in the artifact's order.

    A tile is filled with the inputs laid side by side, from its upper left corner on. What its network then
    gives inside the halo is the outputs laid side by side in the same way.
    """

    rows: Count
    columns: Count
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
    resizes: bool = False
    """Whether its networks compute the same for inputs of any size that is a multiple of the part's step,
    where a runtime can give them one; else only tiles of the sizes listed."""


class Part(Entry, frozen=True):
    """A step of the pipeline."""

    stride: Count
    halo: Annotated[int, Meta(ge=0)]
    """Receptive-field radius in cells."""
    step: Count
    """Tiles begin at multiples of so many cells, where the network halves its grid: both their sides and
    the halo are multiples of it."""
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


class Detection(Entry, frozen=True):
    """How `edge.restore.damage.detector` is applied to a photo, and what counts as damage.

    Probabilities are in levels: 0..255 for 0..1.
    """

    largest_side: Count = 4096
    """In pixels: a photo with a longer side is shrunk by a whole factor until it fits."""
    smallest_side: Count = 250
    """Pixels: the detector does not run on smaller halves of the photo, where it takes faces for damage."""
    high: Annotated[int, Meta(ge=1, le=255)] = 255
    """A region counts if its surest pixel reaches this."""
    low: Annotated[int, Meta(ge=1, le=255)] = 217
    """A region holds the pixels that reach this."""
    large: Annotated[int, Meta(ge=0)] = 0
    """A region of one pixel in so many of the photo, or more, counts even if no pixel reaches ``high``:
    a fold or a net of cracks. 0: none does."""
    thick: Count = 100
    """A region is thick where a square fits in, of the photo's shorter side divided by this."""
    thick_mean: Annotated[int, Meta(ge=0, le=255)] = 255
    """What is thick counts only if its mean probability reaches this,"""
    thick_spread: Annotated[int, Meta(ge=0, le=255)] = 0
    """and if it is flat, as bare paper is: its lightness has at most this standard deviation, in levels."""
    thin_from: Annotated[int, Meta(ge=0)] = 0
    """A photo of which one pixel in so many counts, or more, is surely damaged: there thin regions count by
    a second pair of levels. 0: in no photo."""
    thin_high: Annotated[int, Meta(ge=1, le=255)] = 255
    thin_low: Annotated[int, Meta(ge=1, le=255)] = 217
    """The second pair."""
    thin: Count = 48
    """A region is thin where no square fits in, of the photo's shorter side divided by this."""
    face_thick: Count = 16
    """Inside a found face nothing counts where a square fits in, of its box's width divided by this."""
    grow: Annotated[int, Meta(ge=0)] = 1
    """Pixels around damage that count too: there its paint fades out."""


class Manifest(Entry, frozen=True):
    """The whole manifest (``manifest.json`` at the top of a bundle)."""

    format_version: Literal[2]
    name: str
    version: str
    parts: dict[PartName, Part]
    files: dict[RelativePath, File]
    provenance: Provenance
    working_side: Count = 1024
    """Tone and faces are judged on the photo shrunk by a whole factor until its long side fits this."""
    detection: Detection = Detection()
    finder_threshold: Annotated[float, Meta(gt=0, lt=1)] = 0.5
    """From which a find counts as a face."""
    figures: dict[str, float] = {}
    """End-to-end figures on the evaluation photos, by name."""


def parts_in_order(manifest: Manifest) -> list[tuple[PartName, Part]]:
    """The parts in the order of the pipeline."""
    return [(name, manifest.parts[name]) for name in ROLES if name in manifest.parts]


def tensor_shape(tensor: Tensor, tile: Tile | Golden) -> tuple[int, ...]:
    """The tensor's full shape for ``tile``, batch dimension included."""
    if tensor.shape is not None:
        return (1, *tensor.shape)
    return (1, tile.rows, tile.columns, tensor.channels)


def tensor_bytes(tensor: Tensor, tile: Tile | Golden) -> int:
    """How many bytes the tensor takes, in memory and as a golden file."""
    return math.prod(tensor_shape(tensor, tile)) * (4 if tensor.dtype == "float32" else 1)


def artifact_bytes(manifest: Manifest, artifact: Artifact) -> int:
    """Size of an artifact's files; a Core ML package is a folder of several."""
    paths = {tile.file for tile in artifact.tiles}
    return sum(
        file.bytes
        for name, file in manifest.files.items()
        if name in paths or any(name.startswith(f"{path}/") for path in paths)
    )


def follows_tile(artifact: Artifact) -> bool:
    """Whether the network runs tile by tile (the tone network runs once, on a thumbnail)."""
    return any(tensor.shape is None for tensor in artifact.inputs)


def json_schema() -> dict[str, Any]:
    """The published JSON schema (``docs/reference/bundle.schema.json``)."""
    schema = msgspec.json.schema(Manifest)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
