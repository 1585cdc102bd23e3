"""Imported weights of the published networks: a folder with a manifest and a safetensors file for each.

The networks are stored folded (`convert.reference.nets.folding`), in float32.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from convert.errors import MissingWeights, WeightsError
from convert.reference.kinds import KINDS, ROLES, KindName, RoleName, build
from convert.reference.nets.folding import fold
from edge import DISTRIBUTION
from edge.bundle.bundle import file_entry
from edge.bundle.manifest import Count, Entry, RelativePath, Sha256
from edge.files import reason_of, written_beside
from edge.hidden import hidden_folder, take_place

FORMAT_VERSION: Literal[1] = 1
MANIFEST_NAME = "manifest.json"


class StoredNetwork(Entry, frozen=True):
    """One network of the folder."""

    kind: KindName
    widths: dict[str, Annotated[int, Meta(ge=1, le=1 << 14)]]
    """Arguments of the network class."""
    file: RelativePath
    sha256: Sha256
    bytes: Count
    parameters: Count
    source: str
    """Name of the checkpoint's file, and of the member if that is an archive."""
    source_sha256: Sha256
    """Of the checkpoint, unpacked."""


class WeightsManifest(Entry, frozen=True):
    """The whole manifest."""

    format_version: Literal[1]
    tool: str
    """The program that imported them, with its version."""
    networks: dict[RoleName, StoredNetwork]


@dataclass(frozen=True)
class ReferenceWeights:
    """A checked folder. ``digest`` (sha256 of the manifest) stands for all its content."""

    folder: Path
    manifest: WeightsManifest
    digest: str

    def __contains__(self, role: RoleName) -> bool:
        return role in self.manifest.networks

    def blank(self, role: RoleName) -> nn.Module:
        """The role's network, folded, without memory for its weights. Raises MissingWeights."""
        stored = self.manifest.networks.get(role)
        if stored is None:
            raise MissingWeights(
                f"{self.folder} has no {role}: run `heirloom import` again with the published checkpoint "
                "of that network among its sources."
            )
        return fold(build(role, stored.widths))

    def load(self, role: RoleName) -> nn.Module:
        """The role's network, folded, for inference. Raises MissingWeights or WeightsError."""
        network = self.blank(role)
        path = self.folder / self.manifest.networks[role].file
        try:
            network.load_state_dict(load_file(path), strict=True, assign=True)
        except (OSError, SafetensorError, RuntimeError) as error:
            raise WeightsError(
                f"{path} is not the {role} that the manifest describes ({reason_of(error)}): "
                "run `heirloom import` again."
            ) from error
        return network.requires_grad_(False).eval()


def open_weights(folder: Path) -> ReferenceWeights:
    """Read the manifest and check every file it lists. Raises MissingWeights or another WeightsError."""
    path = folder / MANIFEST_NAME
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise MissingWeights(
            f"{folder} holds no imported weights ({MANIFEST_NAME}: {error.strerror}): "
            f"make them with `heirloom import CHECKPOINTS -o {folder}`."
        ) from error
    manifest = decode_weights_manifest(raw)
    for stored in manifest.networks.values():
        _check_file(folder / stored.file, stored)
    return ReferenceWeights(folder, manifest, hashlib.sha256(raw).hexdigest())


class _AnyVersion(msgspec.Struct):
    format_version: Any


def decode_weights_manifest(raw: bytes) -> WeightsManifest:
    """Decode and check ``manifest.json``, without looking at any other file. Raises WeightsError."""
    try:
        found = msgspec.json.decode(raw, type=_AnyVersion).format_version
        if type(found) is int and found != FORMAT_VERSION:
            raise WeightsError(
                f"The weights have format version {found}, and this release reads {FORMAT_VERSION}: "
                "run `heirloom import` of this release."
            )
        manifest = msgspec.json.decode(raw, type=WeightsManifest)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise WeightsError(
            f"The weights' manifest is invalid ({reason_of(error)}): run `heirloom import` again."
        ) from error
    for name, stored in manifest.networks.items():
        kind = ROLES[name].kind
        if stored.kind != kind or stored.widths.keys() != KINDS[kind].published.keys():
            raise WeightsError(
                f"The weights' manifest is invalid ({name} is not of kind {kind}, or lacks a width): "
                "run `heirloom import` again."
            )
    return manifest


class _AnyNetworks(msgspec.Struct):
    networks: dict[str, Any]


def holds_other_manifest(folder: Path) -> bool:
    """Whether the folder's manifest is another artifact's: a bundle's, say."""
    try:
        msgspec.json.decode((folder / MANIFEST_NAME).read_bytes(), type=_AnyNetworks)
    except msgspec.ValidationError:
        return True
    except (OSError, ValueError, RecursionError):
        return False  # none, or too damaged to be missed
    return False


def _check_file(path: Path, stored: StoredNetwork) -> None:
    try:
        found = file_entry(path)
    except FileNotFoundError as error:
        raise WeightsError(f"{path} is missing: run `heirloom import` again.") from error
    except OSError as error:
        raise WeightsError(f"{path} can't be read: {error.strerror}.") from error
    if (found.sha256, found.bytes) != (stored.sha256, stored.bytes):
        raise WeightsError(f"{path} is not the file that the manifest lists: run `heirloom import` again.")


def write_network(network: nn.Module, path: Path) -> None:
    """Write a folded network; ``path`` appears whole or not at all. Raises WeightsError or OSError."""
    state = {name: value.detach().contiguous() for name, value in network.state_dict().items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    with hidden_folder(path) as work:
        whole = work / path.name
        try:
            save_file(state, whole)
        except SafetensorError as error:
            raise WeightsError(f"{path.name} can't be written ({error}): is the disk full?") from error
        whole.chmod(work.stat().st_mode & 0o666)  # safetensors lets nobody but the owner read it
        take_place(whole, path)


def write_manifest(folder: Path, networks: dict[RoleName, StoredNetwork]) -> WeightsManifest:
    """Write ``manifest.json``: the same bytes for the same networks. Raises OSError."""
    ordered = {role: networks[role] for role in ROLES if role in networks}
    manifest = WeightsManifest(
        format_version=FORMAT_VERSION, tool=f"heirloom {version(DISTRIBUTION)}", networks=ordered
    )
    raw = msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"
    decode_weights_manifest(raw)
    with written_beside(folder / MANIFEST_NAME) as out:
        out.write(raw)
    return manifest
