"""Bundles: opened only after all of their files have been checked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge.bundle.checks import check_consistency
from edge.bundle.manifest import (
    FORMAT_VERSION,
    Artifact,
    File,
    Format,
    Golden,
    Manifest,
    Part,
    PartName,
    Precision,
    Tensor,
    Tile,
    tensor_shape,
)
from edge.bundle.signatures import check_signature
from edge.errors import (
    ChecksumMismatch,
    InvalidManifest,
    MissingArtifact,
    MissingBundleFile,
    UnknownBundleVersion,
)
from edge.files import read_bounded, reason_of, written_beside

MANIFEST_NAME = "manifest.json"
MAX_MANIFEST = 16 << 20
"""Bytes of the largest manifest that is read; the shipped one has 89 KB."""
SHIPPED = Path(__file__).parents[1] / "bundles" / "mobile"


@dataclass(frozen=True)
class Bundle:
    """A checked bundle. ``digest``, the SHA-256 of the manifest, identifies all its content."""

    folder: Path
    manifest: Manifest
    digest: str


def open_bundle(folder: str | Path | None = None, require_signature: str | None = None) -> Bundle:
    """Read and check the bundle in ``folder``, or the one that ships with this package.

    Args:
        folder: The bundle's folder.
        require_signature: A minisign public key, or the path of its file: refuse the bundle if this key has
            not signed it.

    Raises:
        MissingExtra: The package that checks signatures is not installed.
        SignatureRefused: The key has not signed this manifest.
        UnknownBundleVersion: A later release wrote it.
        InvalidManifest: The manifest is missing, broken or inconsistent.
        MissingBundleFile: A listed file is missing.
        ChecksumMismatch: A listed file has changed.
    """
    shipped = folder is None
    folder = Path(SHIPPED if folder is None else folder)
    if shipped and not (folder / MANIFEST_NAME).is_file():
        raise MissingBundleFile(
            f"This installation has no bundle at {folder}: install it again, or name another bundle."
        )
    path = folder / MANIFEST_NAME
    try:
        raw = read_bounded(path, MAX_MANIFEST)
    except OSError as error:
        raise InvalidManifest(f"{folder} is not a bundle: {path.name}: {error.strerror}.") from error
    if require_signature is not None:
        check_signature(path, raw, require_signature)
    manifest = decode_manifest(raw)
    inside = folder.resolve()
    for name, file in manifest.files.items():
        _check_file(folder, inside, name, file)
    return Bundle(folder, manifest, hashlib.sha256(raw).hexdigest())


class _AnyVersion(msgspec.Struct):
    """The one field that every format version has."""

    format_version: Any


def decode_manifest(raw: bytes) -> Manifest:
    """Decode and check ``manifest.json``, without looking at any other file.

    Raises:
        UnknownBundleVersion: A later release wrote it.
        InvalidManifest: The manifest is broken or inconsistent.
    """
    try:
        # The version comes first: a later format must not be mistaken for a broken manifest.
        version = msgspec.json.decode(raw, type=_AnyVersion).format_version
        if type(version) is int and version != FORMAT_VERSION:
            raise UnknownBundleVersion(
                f"The bundle has format version {version}, and this release reads {FORMAT_VERSION}: "
                "use a release that matches the bundle."
            )
        manifest = msgspec.json.decode(raw, type=Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidManifest(f"The bundle's manifest is invalid: {reason_of(error)}.") from error
    check_consistency(manifest)
    return manifest


def _check_file(folder: Path, inside: Path, name: str, expected: File) -> None:
    path = folder / name
    if not path.is_file():
        raise MissingBundleFile(f"{path} is missing: copy the bundle again.")
    # The schema refuses "..", but a symbolic link could still lead elsewhere.
    if not path.resolve().is_relative_to(inside):
        raise InvalidManifest(f"{path} leads out of the bundle.")
    # The size first: a file with holes may claim any.
    if path.stat().st_size != expected.bytes or file_entry(path) != expected:
        raise ChecksumMismatch(f"{path} differs from the manifest's checksum: copy the bundle again.")


def file_entry(path: Path) -> File:
    """The manifest's entry for the file at ``path``. Raises OSError."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        return File(sha256=digest, bytes=stream.tell())


def find_part(bundle: Bundle, part: PartName) -> Part:
    """A part of the bundle. Raises MissingArtifact, for example for a bundle of published networks."""
    found = bundle.manifest.parts.get(part)
    if found is None:
        raise MissingArtifact(
            f"The bundle {bundle.manifest.name} has no {part}: name a bundle of mobile networks, like the "
            "one that ships with Heirloom."
        )
    return found


LARGE: tuple[PartName, ...] = ("scratch", "face")
"""Parts of more than a million weights: a bundle may hold them in INT8 only."""


def find_artifact(
    bundle: Bundle, part: PartName, precision: Precision, runtime_formats: Iterable[Format]
) -> Artifact:
    """The artifact of a part in ``precision``, in the first of ``runtime_formats`` that has it.

    Float16 weights stand in for float32 ones. ``tone`` may exist in float only (it is tiny and runs once a
    photo), and the `LARGE` parts in INT8 only.

    Args:
        bundle: An opened bundle.
        part: The part.
        precision: The requested precision.
        runtime_formats: Formats that can be run, best first.

    Raises:
        MissingArtifact: There is none, nor one that stands in for it.
    """
    found = find_part(bundle, part)
    wanted: list[Precision] = [precision]
    if precision == "float32":
        wanted.append("float16")
    if part == "tone":
        wanted += ["float32", "float16"]
    elif part in LARGE:
        wanted.append("int8")
    tried = []
    for kind in runtime_formats:
        tried.append(kind)
        for candidate in wanted:
            for artifact in found.artifacts:
                if artifact.precision == candidate and artifact.format == kind:
                    return artifact
    raise MissingArtifact(
        f"The bundle {bundle.manifest.name} has no {part} in {precision} for {', '.join(tried)}."
    )


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write ``manifest.json`` deterministically, whole or not at all.

    Raises:
        InvalidManifest: :func:`open_bundle` would refuse it.
    """
    raw = msgspec.json.format(msgspec.json.encode(manifest, order="sorted"), indent=2) + b"\n"
    decode_manifest(raw)
    path = folder / MANIFEST_NAME
    with written_beside(path) as out:
        out.write(raw)


def read_tensor(bundle: Bundle, path: str, spec: Tensor, tile: Tile | Golden) -> NDArray[Any]:
    """A golden tensor of the bundle, in stored units, in the shape that ``tile`` requires."""
    stored = np.fromfile(bundle.folder / path, dtype=np.dtype(spec.dtype).newbyteorder("<"))
    return stored.astype(spec.dtype, copy=False).reshape(tensor_shape(spec, tile))


def write_tensor(folder: Path, path: str, tensor: NDArray[Any]) -> File:
    """Write a golden tensor (raw, little-endian, C order); returns its entry for ``files``."""
    target = folder / path
    with written_beside(target) as out:
        out.write(tensor.astype(tensor.dtype.newbyteorder("<"), copy=False).tobytes())
    return file_entry(target)
