"""The bundle's manifest: what the networks are, how to feed them, and what was measured.

One typed structure, read by every device. Units: a *cell* is ``stride`` pixels square; a tensor's
real value is ``scale * (stored - zero_point)``.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

FORMAT_VERSION = 1

PartName = Literal["scratch", "tone", "encoder", "mapper", "mapper_global", "decoder"]
Format = Literal["litert", "onnx", "coreml"]
Precision = Literal["float32", "float16", "int8"]
DataType = Literal["float32", "int8", "uint8"]
Role = Literal["photo", "thumbnail", "probability", "curves", "latent", "mask", "context", "residual"]

Count = Annotated[int, Meta(ge=1)]
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
RelativePath = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$")
]


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of the manifest's structures."""


class Tensor(Entry, frozen=True):
    """An input or output: ``(1, rows, columns, channels)``, or ``(1, *shape)`` if that is given."""

    role: Role
    name: str
    channels: Count
    dtype: DataType
    scale: Annotated[float, Meta(gt=0)] = 1.0
    zero_point: int = 0
    shape: list[Count] | None = None
    """For tensors that do not follow the tile: the context, the thumbnail, the curves."""


class Tile(Entry, frozen=True):
    """A network for one fixed tile, halo included, in cells."""

    rows: Count
    columns: Count
    file: RelativePath


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
    golden: list[Golden]
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
    scratch_threshold: Annotated[float, Meta(gt=0, lt=1)] = 0.5
    figures: dict[str, float] = {}
    """End-to-end figures on the evaluation photos, by name."""


def json_schema() -> dict[str, Any]:
    """The published JSON schema (``docs/bundle.schema.json``)."""
    schema = msgspec.json.schema(Manifest)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
