"""What can be compared: the bundle's networks in each format and precision, and full-precision ones."""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from edge.bundle.bundle import Bundle, find_artifact, find_part
from edge.bundle.manifest import Format, PartName, Precision, artifact_bytes
from edge.errors import MissingArtifact

INPUT = "input"
"""The key of the photo as it was given, which is compared but not made."""

FORMATS: dict[Format, str] = {
    "litert": "LiteRT",
    "onnx": "ONNX",
    "coreml": "Core ML" if sys.platform == "darwin" else "Core ML, interpreted",
}
PRECISIONS: dict[Precision, str] = {"int8": "INT8", "mixed": "mixed INT8", "dynamic": "dynamic INT8"}
"""The names of those that are not called as they are written."""

RUNTIMES: dict[Format, str] = {
    "litert": "litert",
    "onnx": "onnx",
    "coreml": "coreml" if sys.platform == "darwin" else "coreml-interpreted",
}


@dataclass(frozen=True)
class Variant:
    """Networks that restore a photo in one format and precision."""

    key: str
    """Its name for programs, such as ``litert-int8``."""
    name: str
    runtime: str
    precision: Precision
    bytes: int
    """Size of its files, all tile sizes together."""
    weights: Path | None = None
    """Imported weights; None: the bundle's networks."""


def variants_of(bundle: Bundle, weights: Path | None) -> dict[str, Variant]:
    """The variants by key, the one that the others are held against first.

    That is the imported network in PyTorch where ``weights`` are given, else the bundle's float32, or its
    float16 weights that LiteRT computes with in float32.
    Raises MissingArtifact for a bundle of the published networks, which restore no photo by themselves.
    """
    found = []
    for artifact in find_part(bundle, "encoder").artifacts:
        kind, precision = artifact.format, artifact.precision
        name = f"Mobile {PRECISIONS.get(precision, precision)}, {FORMATS[kind]}"
        size = sum(part_bytes(bundle, precision, kind).values())
        found.append(Variant(f"{kind}-{precision}", name, RUNTIMES[kind], precision, size))
    found.sort(key=lambda variant: (_rank(variant.precision), variant.runtime != "litert"))
    if weights is not None:
        size = sum(path.stat().st_size for path in weights.iterdir() if path.is_file())
        found.insert(0, Variant("torch", "Full precision, PyTorch", "torch", "float32", size, weights))
    return {variant.key: variant for variant in found}


def _rank(precision: Precision) -> int:
    floats: tuple[Precision, ...] = ("float32", "float16")
    return floats.index(precision) if precision in floats else len(floats)


def part_bytes(bundle: Bundle, precision: Precision, kind: Format) -> dict[PartName, int]:
    """Size of the files that each part has in a format and precision, for those that have any."""
    sizes = {}
    for part in bundle.manifest.parts:
        with suppress(MissingArtifact):
            artifact = find_artifact(bundle, part, precision, (kind,))
            sizes[part] = artifact_bytes(bundle.manifest, artifact)
    return sizes
