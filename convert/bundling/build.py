"""Builds a bundle from trained networks: converts, quantizes, proves, and only then writes.

The bundle is built in a hidden folder beside its place and moved there at the end, so that a failing gate
or an interruption leaves the old bundle in place. Artifacts that were proven before an interruption are
reused, even if other formats are wanted: the published networks take half an hour.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from convert.bundling.artifacts import Ingredients, examples, write_artifact
from convert.formats import litert
from convert.formats.labels import Label
from convert.int8.ranges import named_ranges, part_ranges
from convert.mobile.parts import PartSource
from convert.mobile.samples import Photos, Sampler, tile_samples
from convert.mobile.weights import DETECTION
from convert.proof.prover import Prover
from convert.recipes.int8 import Int8Recipe, load_recipe
from edge.bundle.bundle import LARGE, file_entry, write_manifest
from edge.bundle.manifest import (
    Artifact,
    Detection,
    File,
    Format,
    Manifest,
    Part,
    PartName,
    Precision,
    Provenance,
)
from edge.errors import HeirloomError
from edge.files import written_beside
from edge.hidden import hidden_folder, replace_folder, require_own_folder
from edge.memory import give_back, peak, reset_peak

TOOLS = (
    "torch",
    "litert-torch",
    "ai-edge-quantizer",
    "ai-edge-litert",
    "coremltools",
    "onnx",
    "onnxruntime",
)

FINDER_THRESHOLD = 0.8
"""`heirloom evaluate faces` then finds no false face in 39 clean photos without any, two in old ones."""

Kind = tuple[Format, Precision]

SUFFIXES: dict[Format, str] = {"litert": ".tflite", "coreml": ".mlpackage", "onnx": ".onnx"}


@dataclass(frozen=True)
class Recipe:
    """Settings, photos and provenance of a bundle."""

    name: str
    version: str
    calibration: Photos
    proof: Photos
    provenance: Provenance
    int8: Int8Recipe = field(default_factory=load_recipe)
    mixed: Int8Recipe | None = None
    """For the precision "mixed"."""
    ranges: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Learnt ranges (`convert.int8.ranges`), in place of the calibrated ones of the restore path."""
    kinds: tuple[Kind, ...] = (("litert", "float32"), ("litert", "int8"))
    sampler: Sampler = tile_samples
    detection: Detection = DETECTION
    finder_threshold: float = FINDER_THRESHOLD
    figures: dict[str, float] = field(default_factory=dict)

    def recipes(self) -> dict[Precision, Int8Recipe]:
        """The INT8 recipe of each precision that has one."""
        mixed: dict[Precision, Int8Recipe] = {} if self.mixed is None else {"mixed": self.mixed}
        return {"int8": self.int8, **mixed}


class Record(msgspec.Struct, frozen=True):
    """An artifact that was proven, and all its files."""

    artifact: Artifact
    files: dict[str, File]
    seconds: float
    """Time to convert and prove it."""
    peak_bytes: int
    """Peak memory of the process meanwhile; 0 where it can't be measured."""


@dataclass(frozen=True)
class Made:
    """A written bundle, with time and memory for each artifact."""

    manifest: Manifest
    records: dict[PartName, list[Record]]


def build_bundle(
    sources: Sequence[PartSource],
    recipe: Recipe,
    folder: Path,
    on_progress: Callable[[str], None] = lambda step: None,
) -> Made:
    """Write a bundle, replacing the one that is there. Nothing is written if an artifact fails.

    Args:
        sources: The parts, in the order of the pipeline.
        recipe: Formats, precisions, photos and provenance.
        folder: The bundle's folder.
        on_progress: Receives the name of each step.

    Returns:
        The manifest, with a record for each artifact.

    Raises:
        GateFailed: An artifact is not close enough to PyTorch.
        OperationRefused: A file has an operation that mobile delegates may refuse.
        OutputConflict: Somebody else's folder, or a link, lies where the bundle is built.
    """
    building = folder.with_name(f".{folder.name}.partial")
    require_own_folder(building)
    key = _fingerprint(sources, recipe)
    mark = building / "work" / "made-of"
    if not mark.exists() or mark.read_text() != key:
        shutil.rmtree(building, ignore_errors=True)
        mark.parent.mkdir(parents=True)
        mark.write_text(key)
    try:
        records = _records(sources, recipe, building, on_progress)
    except HeirloomError:
        if not list(mark.parent.glob("*.json")):
            shutil.rmtree(building, ignore_errors=True)
        raise
    shutil.rmtree(building / "work")
    manifest = _manifest(sources, recipe, records)
    _remove_others(building, manifest)
    write_manifest(building, manifest)
    _take_place(building, folder)
    return Made(manifest, records)


def wanted_kinds(source: PartSource, kinds: Sequence[Kind]) -> list[Kind]:
    """Formats and precisions of a part: one without INT8 gets a float precision instead; a large one has no
    float16 beside INT8, so that a bundle stays small."""
    found: list[Kind] = []
    for kind, precision in kinds:
        if source.name in LARGE and precision == "float16" and (kind, "int8") in kinds:
            continue
        if source.quantized or precision in ("float32", "float16"):
            found.append((kind, precision))
        elif (kind, "float16") not in kinds:
            found.append((kind, "float32"))
    return list(dict.fromkeys(found))


def _records(
    sources: Sequence[PartSource], recipe: Recipe, building: Path, on_progress: Callable[[str], None]
) -> dict[PartName, list[Record]]:
    on_progress("what PyTorch computes")
    prover = Prover(building, recipe.sampler(sources, recipe.proof), recipe.proof.description)
    made_of = _ingredients(sources, recipe, building / "work", on_progress)
    records: dict[PartName, list[Record]] = {source.name: [] for source in sources}
    for source in sources:
        for kind, precision in wanted_kinds(source, recipe.kinds):
            on_progress(f"{source.name} {kind} {precision}")
            note = building / "work" / f"{source.name}-{kind}-{precision}.json"
            if note.exists():
                record = msgspec.json.decode(note.read_bytes(), type=Record)
                prover.recall(source, record.artifact)
            else:
                give_back()
                reset_peak()
                start = time.monotonic()
                if kind == "litert":
                    _convert_exact(source, made_of.exact[source.name])
                try:
                    draft = write_artifact(source, kind, precision, made_of, building)
                    artifact, files = prover.prove(source, draft)
                except HeirloomError:
                    _remove(building / source.name, kind, precision)
                    raise
                seconds = round(time.monotonic() - start, 1)
                files = {**_entries(building, artifact), **files}
                record = Record(artifact, files, seconds, peak() or 0)
                with written_beside(note) as out:
                    out.write(msgspec.json.encode(record))
            records[source.name].append(record)
    return records


def _ingredients(
    sources: Sequence[PartSource], recipe: Recipe, work: Path, on_progress: Callable[[str], None]
) -> Ingredients:
    """Paths of the float32 files that other LiteRT files are made from, and INT8 ranges. One set of ranges
    for all formats needs all those files."""
    paths = {source.name: work / f"{source.name}.tflite" for source in sources}
    label = Label(recipe.version, recipe.provenance.licence, recipe.provenance.data)
    recipes = recipe.recipes()
    if not any(precision in recipes for _, precision in recipe.kinds):
        return Ingredients(paths, {}, {}, recipes, label)
    for source in sources:
        on_progress(f"{source.name} float32")
        _convert_exact(source, paths[source.name])
    note = work / "ranges.json"
    if note.exists():
        tensors = _loaded_ranges(note)
    else:
        on_progress("calibration")
        tensors = part_ranges(sources, paths, tile_samples(sources, recipe.calibration), recipe.ranges)
        _save_ranges(tensors, note)
    named = {
        source.name: named_ranges(source, paths[source.name], tensors[source.name])
        for source in sources
        if source.quantized
    }
    return Ingredients(paths, tensors, named, recipes, label)


def _convert_exact(source: PartSource, path: Path) -> None:
    """Write the part's float32 LiteRT file, unless it is there."""
    if not path.exists():
        litert.convert_float(source.network, examples(source), path)


def _save_ranges(tensors: dict[PartName, dict[str, Any]], note: Path) -> None:
    lists = {
        part: {
            name: {key: value.tolist() for key, value in entry.items()} for name, entry in ranges.items()
        }
        for part, ranges in tensors.items()
    }
    with written_beside(note) as out:
        out.write(msgspec.json.encode(lists))


def _loaded_ranges(note: Path) -> dict[PartName, dict[str, Any]]:
    lists = msgspec.json.decode(note.read_bytes())
    return {
        part: {
            name: {key: np.array(value, np.float32) for key, value in entry.items()}
            for name, entry in ranges.items()
        }
        for part, ranges in lists.items()
    }


def _entries(folder: Path, artifact: Artifact) -> dict[str, File]:
    """The artifact's own files; a Core ML package is a folder of several."""
    files = {}
    for name in dict.fromkeys(tile.file for tile in artifact.tiles):
        path = folder / name
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                files[str(file.relative_to(folder))] = file_entry(file)
    return files


def _fingerprint(sources: Sequence[PartSource], recipe: Recipe) -> str:
    """Digest of everything that an artifact's content depends on."""
    digest = hashlib.sha256(repr(_tools()).encode())
    for source in sources:
        digest.update(
            repr(
                (source.name, source.inputs, source.output, source.halo, source.step, source.tiles)
            ).encode()
        )
        for name, tensor in source.network.state_dict().items():
            digest.update(name.encode() + tensor.contiguous().numpy().tobytes())
    for photos in (recipe.calibration, recipe.proof):
        for tensor in (photos.intact, photos.damaged, photos.filled, photos.masks):
            digest.update(tensor.contiguous().numpy().tobytes())
    rest = (recipe.name, recipe.version, recipe.provenance, recipe.recipes(), recipe.ranges, recipe.figures)
    digest.update(repr((rest, recipe.detection, recipe.finder_threshold)).encode())
    return digest.hexdigest()


def _tools() -> dict[str, str]:
    return {name: importlib.metadata.version(name) for name in TOOLS}


def _manifest(
    sources: Sequence[PartSource], recipe: Recipe, records: dict[PartName, list[Record]]
) -> Manifest:
    parts = {
        source.name: Part(
            stride=source.stride,
            halo=source.halo,
            step=source.step,
            macs_per_cell=source.macs_per_cell(),
            parameters=source.parameters(),
            artifacts=[record.artifact for record in records[source.name]],
        )
        for source in sources
    }
    given = recipe.provenance
    return Manifest(
        format_version=2,
        name=recipe.name,
        version=recipe.version,
        parts=parts,
        files={name: file for made in records.values() for r in made for name, file in r.files.items()},
        provenance=Provenance(
            recipe=given.recipe, data=given.data, licence=given.licence, tools={**_tools(), **given.tools}
        ),
        detection=recipe.detection,
        finder_threshold=recipe.finder_threshold,
        figures=recipe.figures,
    )


def _remove(folder: Path, kind: Format, precision: Precision) -> None:
    """Remove the files of an artifact that failed."""
    suffix = SUFFIXES[kind]
    for failed in [*folder.glob(f"{precision}{suffix}"), *folder.glob(f"{precision}-*{suffix}")]:
        shutil.rmtree(failed) if failed.is_dir() else failed.unlink()


def _remove_others(folder: Path, manifest: Manifest) -> None:
    """Remove files of an earlier attempt that this one doesn't list."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir():
            with contextlib.suppress(OSError):  # not empty
                path.rmdir()
        elif path.relative_to(folder).as_posix() not in manifest.files:
            path.unlink()


def _take_place(building: Path, folder: Path) -> None:
    """Move the finished bundle to its place; the old one goes only when the new one is there."""
    with hidden_folder(folder) as work:
        replace_folder(building, folder, work)
