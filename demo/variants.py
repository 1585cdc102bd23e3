"""The variants to compare: the bundle's networks in each format and precision, and imported ones."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from edge.bundle.bundle import Bundle, find_artifact, find_part
from edge.bundle.manifest import Format, PartName, Precision, artifact_bytes
from edge.errors import MissingArtifact, install_hint

INPUT = "input"
"""The key of the input photo, which is compared but not restored."""

FORMATS: dict[Format, str] = {
    "litert": "LiteRT",
    "onnx": "ONNX",
    "coreml": "Core ML" if sys.platform == "darwin" else "Core ML, interpreted",
}
PRECISIONS: dict[Precision, str] = {"int8": "INT8", "mixed": "mixed INT8", "dynamic": "dynamic INT8"}
"""Display names of the precisions that have another one than their key."""

RUNTIMES: dict[Format, str] = {
    "litert": "litert",
    "onnx": "onnx",
    "coreml": "coreml" if sys.platform == "darwin" else "coreml-interpreted",
}


HINT = f"To have them too: {install_hint('convert')}."


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
    """The variants by key; the first is the reference for the others.

    Args:
        bundle: A bundle of mobile networks.
        weights: Folder of imported weights; they become the reference in PyTorch. Without them it is the
            bundle's float32, or its float16 weights, which LiteRT computes with in float32.

    Raises:
        MissingArtifact: The bundle holds published networks, which restore no photo by themselves.
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


LIBRARIES = {"onnx": "onnxruntime", "coreml": "coremltools", "coreml-interpreted": "torch"}
"""The library that a runtime needs, where the page can be installed without it."""


def runnable(variants: Mapping[str, Variant]) -> dict[str, Variant]:
    """The variants whose libraries are installed here; none is imported."""
    return {
        key: variant
        for key, variant in variants.items()
        if (library := LIBRARIES.get(variant.runtime)) is None or find_spec(library)
    }


def hidden(variants: Mapping[str, Variant]) -> str:
    """A sentence about the variants that `runnable` leaves out; empty if there are none."""
    shown = runnable(variants)
    names = [variant.name for key, variant in variants.items() if key not in shown]
    return f"Not shown, for lack of their libraries: {'; '.join(names)}. {HINT}" if names else ""


def usual(variants: Mapping[str, Variant]) -> str:
    """The key of the variant that ``heirloom restore`` uses, or that comes next to it."""
    return "litert-int8" if "litert-int8" in variants else list(variants)[-1]


def _rank(precision: Precision) -> int:
    floats: tuple[Precision, ...] = ("float32", "float16")
    return floats.index(precision) if precision in floats else len(floats)


def part_bytes(bundle: Bundle, precision: Precision, kind: Format) -> dict[PartName, int]:
    """Bytes of each part in a format and precision; parts without an artifact are left out."""
    sizes = {}
    for part in bundle.manifest.parts:
        with suppress(MissingArtifact):
            artifact = find_artifact(bundle, part, precision, (kind,))
            sizes[part] = artifact_bytes(bundle.manifest, artifact)
    return sizes
