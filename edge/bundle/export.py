"""Export of a bundle for one platform's app: only the artifacts that it runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from msgspec.structs import replace

from edge.bundle.bundle import MANIFEST_NAME, Bundle, find_artifact, write_manifest
from edge.bundle.manifest import Artifact, Format, Manifest, Part, PartName, Precision
from edge.errors import MissingArtifact, OutputConflict
from edge.files import copy_beside
from edge.hidden import hidden_folder, replace_folder

FOLDER = "heirloom"
"""The folder within an app's assets that the app opens."""

Platform = Literal["android", "ios"]


@dataclass(frozen=True)
class Choice:
    """The artifacts that an app runs: floating point on GPUs and neural engines, INT8 on CPUs."""

    format: Format
    precisions: tuple[Precision, ...]


CHOICES: dict[Platform, Choice] = {
    "android": Choice("litert", ("int8", "float32")),
    "ios": Choice("coreml", ("int8", "float16")),
}


def export(bundle: Bundle, platform: Platform, assets: Path, precisions: Sequence[Precision] = ()) -> Path:
    """Write the bundle's networks for ``platform`` to the folder ``heirloom`` in ``assets``, and return it.

    The folder is again a bundle; an earlier one there is replaced once the new one is complete.

    Args:
        bundle: The bundle to export from.
        platform: Decides the format, and the precisions if none are given.
        assets: The app's folder of assets.
        precisions: Export only these.

    Raises:
        MissingArtifact: The bundle has nothing to export.
        OutputConflict: The folder holds something else.
        OSError: The folder can't be written.
    """
    target = assets / FOLDER
    if target.exists() and not (target / MANIFEST_NAME).is_file():
        raise OutputConflict(f"{target} is not a bundle: move it away, or export to another folder.")
    if bundle.folder.resolve().is_relative_to(target.resolve()):
        raise OutputConflict(f"{target} is the bundle itself: export to another folder.")
    choice = CHOICES[platform]
    manifest = only(bundle, choice.format, precisions or choice.precisions)
    assets.mkdir(parents=True, exist_ok=True)
    with hidden_folder(target) as work:
        new = work / "new"
        for name in manifest.files:
            copy_beside(bundle.folder / name, new / name)
        write_manifest(new, manifest)
        replace_folder(new, target, work)
    return target


def only(bundle: Bundle, kind: Format, precisions: Sequence[Precision]) -> Manifest:
    """The manifest reduced to the artifacts of one format in these precisions.

    Raises:
        MissingArtifact: A part has none of them.
    """
    if not any(each.format == kind for part in bundle.manifest.parts.values() for each in part.artifacts):
        # An installed package's own bundle holds LiteRT alone (setup.py).
        raise MissingArtifact(
            f"The bundle {bundle.manifest.name} in {bundle.folder} has no networks for {kind}: name one "
            "that has before the options, such as edge/bundles/mobile in a clone of Heirloom."
        )
    parts: dict[PartName, Part] = {}
    wanted: set[str] = set()
    for name, part in bundle.manifest.parts.items():
        artifacts = _artifacts(bundle, name, kind, precisions)
        parts[name] = replace(part, artifacts=artifacts)
        for artifact in artifacts:
            wanted.update(tile.file for tile in artifact.tiles)
            wanted.update(path for golden in artifact.golden for path in (*golden.inputs, *golden.outputs))
    files = {
        name: entry
        for name, entry in bundle.manifest.files.items()
        # A Core ML package is a folder.
        if name in wanted or any(name.startswith(f"{path}/") for path in wanted)
    }
    return replace(bundle.manifest, parts=parts, files=files)


def _artifacts(
    bundle: Bundle, name: PartName, kind: Format, precisions: Sequence[Precision]
) -> list[Artifact]:
    found: dict[Precision, Artifact] = {}
    for precision in precisions:
        artifact = find_artifact(bundle, name, precision, (kind,))
        found[artifact.precision] = artifact
    return list(found.values())
