"""Imports the published checkpoints: recognises each file, checks it, folds it and writes it.

The published loader goes on with random weights where a file is missing or does not fit. Here a network
is either exactly the published one or refused.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from convert.errors import AmbiguousCheckpoint, MissingCheckpoint, WrongCheckpoint
from convert.reference.checkpoints.files import (
    CheckpointFile,
    find_checkpoints,
    on_disk,
    read_checkpoint,
)
from convert.reference.checkpoints.fitting import (
    misfits,
    plain_tensors,
    require_finite,
    state_dict_in,
)
from convert.reference.kinds import (
    KINDS,
    ROLES,
    KindName,
    RoleName,
    Shapes,
    Widths,
    build,
    keys_of,
    possible_widths,
    roles_of,
    state_of,
)
from convert.reference.nets.folding import fold
from convert.reference.weights import (
    StoredNetwork,
    WeightsManifest,
    holds_other_manifest,
    write_manifest,
    write_network,
)
from edge.bundle.bundle import file_entry
from edge.errors import OutputConflict

WRAPPERS = ("model_state", "state_dict")
"""Members under which training scripts keep a network's state dict beside other things."""

NAMES: dict[RoleName, str] = {
    "vae_a": r"vae[\W_]*a(?![a-z0-9])|vae[\W_]*a[\W_]*quality",
    "vae_b_quality": r"vae[\W_]*b[\W_]*quality",
    "vae_b_scratch": r"vae[\W_]*b[\W_]*scratch",
    "face_256": r"setting[\W_]*9[\W_]*epoch[\W_]*100|(?<!\d)256(?!\d)",
    "face_512": r"(?<!\d)512(?!\d)",
}
"""Names that distinguish networks with the same keys: those of the published folders, and shorter ones."""


@dataclass(frozen=True)
class Ignored:
    """A file that was not imported, and why."""

    source: str
    reason: str


@dataclass(frozen=True)
class Imported:
    """What an import wrote and what it left out."""

    manifest: WeightsManifest
    sources: Mapping[RoleName, str]
    ignored: Sequence[Ignored]

    @property
    def absent(self) -> list[RoleName]:
        """Optional roles that no file was found for."""
        return [role for role in ROLES if role not in self.manifest.networks]


def import_checkpoints(
    sources: Sequence[Path],
    output: Path,
    named: Mapping[RoleName, Path] | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Imported:
    """Import what is found in ``sources`` (folders, archives, files) into the folder ``output``.

    Networks are held in memory one at a time. Nothing in ``output`` changes unless everything succeeds.

    Args:
        sources: Folders, archives and files, searched for checkpoints.
        output: Folder of the imported weights.
        named: The file of a role, whatever its name; other files of that role are ignored.
        progress: Receives a sentence for each file.

    Returns:
        The manifest, the source of each network, and the files that were ignored.

    Raises:
        CheckpointError: A file can't be read, is unsafe, doesn't fit or is ambiguous, or one is missing.
        OutputConflict: The output folder holds something else.
        OSError: The output can't be written.
    """
    if output.exists() and not output.is_dir():
        raise OutputConflict(f"{output} is a file: name a folder to import to.")
    earlier = [_file_of(output, role) for role in ROLES]
    if holds_other_manifest(output) or any(path.is_dir() for path in earlier):
        raise OutputConflict(f"{output} holds something else than imported weights: name another folder.")
    assigned = {role: _only_checkpoint(path) for role, path in (named or {}).items()}
    taken = {file.identity for file in assigned.values()}
    files = [file for file in find_checkpoints(sources, earlier) if file.identity not in taken]
    with _staged(output) as folder:
        staging = _Staging(folder, fixed=frozenset(assigned))
        for role, file in assigned.items():
            progress(f"Importing {file.label}")
            staging.add(file, role)
        for file in files:
            progress(f"Importing {file.label}")
            staging.add(file)
        missing = [name for name, role in ROLES.items() if role.absent is None]
        missing = [name for name in missing if name not in staging.networks]
        if missing:
            raise MissingCheckpoint(
                f"No checkpoint was found for {', '.join(missing)}: add the files to the sources, or name "
                "them with --as."
            )
        for role in staging.networks:
            _file_of(folder, role).replace(_file_of(output, role))
        manifest = write_manifest(output, staging.networks)
    return Imported(manifest, staging.sources, staging.ignored)


def _file_of(folder: Path, role: RoleName) -> Path:
    return folder / f"{role}.safetensors"


def _only_checkpoint(path: Path) -> CheckpointFile:
    found = find_checkpoints([path])
    if len(found) != 1:
        raise AmbiguousCheckpoint(f"{path} holds {len(found)} checkpoints: unpack it and name one of them.")
    return found[0]


@contextmanager
def _staged(output: Path) -> Iterator[Path]:
    """A hidden folder inside ``output`` to write to; what is left in it is removed at the end."""
    is_new = not output.exists()
    output.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".import-", dir=output))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if is_new and not any(output.iterdir()):
            output.rmdir()


@dataclass
class _Staging:
    """The networks written so far, in a hidden folder."""

    folder: Path
    fixed: frozenset[RoleName]
    networks: dict[RoleName, StoredNetwork] = field(default_factory=dict)
    sources: dict[RoleName, str] = field(default_factory=dict)
    ignored: list[Ignored] = field(default_factory=list)

    def add(self, file: CheckpointFile, role: RoleName | None = None) -> None:
        """Check a file and write its network, as ``role`` or as what it is recognised to be."""
        with on_disk(file, self.folder) as path:
            state = state_dict_in(read_checkpoint(path, file.label), WRAPPERS)
            kind = ROLES[role].kind if role else _recognised(state)
            if kind is None:
                self._ignore(file, "not one of the published networks")
                return
            widths = _checked(state, kind, file.label)
            if role is None:
                role = None if self.fixed.issuperset(roles_of(kind)) else _role(file, kind)
                if role is None or role in self.fixed:
                    self._ignore(file, "another file was named for it")
                    return
            network = _folded(state, role, widths, file.label)
            source_sha256 = file_entry(path).sha256
        target = _file_of(self.folder, role)
        if role in self.networks:
            target = target.with_suffix(".second")
        write_network(network, target)
        written = file_entry(target)
        if role in self.networks:
            target.unlink()
            self._compare(file, role, written.sha256)
            return
        self.sources[role] = file.label
        self.networks[role] = StoredNetwork(
            kind=kind,
            widths=widths,
            file=target.name,
            sha256=written.sha256,
            bytes=written.bytes,
            parameters=sum(value.numel() for value in network.parameters()),
            source=file.origin,
            source_sha256=source_sha256,
        )

    def _compare(self, file: CheckpointFile, role: RoleName, sha256: str) -> None:
        first = self.sources[role]
        if self.networks[role].sha256 != sha256:
            raise AmbiguousCheckpoint(
                f"{first} and {file.label} are both {role}, with different weights: leave one out, or name "
                f"the right one with --as {role}=PATH."
            )
        self._ignore(file, f"the same weights as {first}")

    def _ignore(self, file: CheckpointFile, reason: str) -> None:
        self.ignored.append(Ignored(file.label, reason))


def _recognised(state: Mapping[Any, Any]) -> KindName | None:
    """The kind that the state dict shares most keys with, at least half of that kind's; or None."""
    shared = {kind: len(keys_of(kind) & state.keys()) for kind in KINDS}
    best = max(shared, key=lambda kind: (shared[kind], shared[kind] / len(keys_of(kind))))
    return best if 2 * shared[best] >= len(keys_of(best)) else None


def _role(file: CheckpointFile, kind: KindName) -> RoleName:
    """The only role of the kind; of several, the one that the nearest matching name in the path gives."""
    roles = roles_of(kind)
    if len(roles) == 1:
        return roles[0]
    for name in file.context:
        said = [role for role in roles if re.search(NAMES[role], name.lower())]
        if len(said) == 1:
            return said[0]
        if said:
            break
    raise AmbiguousCheckpoint(
        f"{file.label} may be {', '.join(roles[:-1])} or {roles[-1]}, which have the same keys, and its "
        "path does not show which: name it with --as ROLE=PATH."
    )


def _checked(state: Mapping[Any, Any], kind: KindName, label: str) -> Widths:
    """The network's widths, if keys, shapes and types all fit. Raises WrongCheckpoint that lists all."""
    shapes: Shapes = {key: tuple(value.shape) for key, value in plain_tensors(state).items()}
    # Of the published and the inferred widths, those that more shapes agree with are taken.
    choices = possible_widths(kind, shapes)
    widths = max(choices, key=lambda choice: _agreement(kind, choice, shapes))
    expected = state_of(kind, widths)
    if found := misfits(state, expected):
        raise WrongCheckpoint(
            f"{label} is not the published {kind} network of {len(expected)} keys: {'; '.join(found)}. "
            "Download it again, or leave it out."
        )
    return widths


def _agreement(kind: KindName, widths: Widths, shapes: Shapes) -> int:
    return sum(shapes.get(key) == value.shape for key, value in state_of(kind, widths).items())


def _folded(state: Mapping[str, Tensor], role: RoleName, widths: Widths, label: str) -> nn.Module:
    """The role's network with these weights in float32, folded. Raises WrongCheckpoint."""
    network = build(role, widths).to_empty(device="cpu")
    network.load_state_dict(state)
    require_finite(network, f"{label} has values that are no finite numbers")
    fold(network)
    require_finite(network, f"The norms of {label} can't be folded into finite weights")
    return network
