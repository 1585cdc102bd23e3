"""Checkpoint files: finding them in folders and archives, and reading them without running any of them.

Three formats are read: torch's zip format, torch's older pickle format, and safetensors. The format
is recognised by content; the name only selects files to examine.
"""

from __future__ import annotations

import errno
import os
import pickle
import re
import shutil
import struct
import tempfile
import warnings
import zipfile
import zlib
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import torch
from safetensors.torch import load_file

from convert.errors import MissingCheckpoint, UnreadableCheckpoint, UnsafeCheckpoint
from edge.files import open_regular, printable, reason_of

CHECKPOINT_SUFFIXES = (".pth", ".pt", ".safetensors")
SUFFIXES = (*CHECKPOINT_SUFFIXES, ".zip")

MAX_BYTES = 2 << 30
"""Limit of one unpacked file: the largest published one has 0.4 GB."""

MAX_BYTES_IN_ALL = 8 << 30
"""Limit of the declared sizes of all files in an archive."""

ZIP_START = b"PK\x03\x04"
PICKLE_START = b"\x80"
ZIP_ERRORS = (
    *(zipfile.BadZipFile, zlib.error, struct.error),
    *(EOFError, OSError, RuntimeError, ValueError, LookupError),
)
"""What damaged and encrypted archives raise."""
COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
FULL_DISK = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True)
class CheckpointFile:
    """A file, or the member of an archive, that may be a checkpoint.

    ``context`` are the names that may show its role, the nearest first.
    """

    path: Path
    member: str | None
    context: tuple[str, ...]

    @property
    def identity(self) -> tuple[Path, str | None]:
        """What two ways to the same file have in common."""
        return self.path.resolve(), self.member

    @property
    def label(self) -> str:
        """How messages name it."""
        return shown(f"{self.path}: {self.member}" if self.member else str(self.path))

    @property
    def origin(self) -> str:
        """The file's name without the folders it lay in on this computer."""
        return shown(f"{self.path.name}: {self.member}" if self.member else self.path.name)


def find_checkpoints(sources: Iterable[Path], skipped: Collection[Path] = ()) -> list[CheckpointFile]:
    """The checkpoints in folders and archives, and single files; each once, ``skipped`` not at all.

    Folders are searched to the bottom, but for what is hidden. Raises UnreadableCheckpoint for an
    archive that can't be read, MissingCheckpoint for a source without any candidate.
    """
    found: dict[tuple[Path, str | None], CheckpointFile] = {}
    passed_over = {path.resolve() for path in skipped}
    for source in sources:
        if not source.exists():
            raise MissingCheckpoint(f"{source} does not exist: check the path.")
        any_here = False
        for path in _files_below(source) if source.is_dir() else [source]:
            if path.resolve() in passed_over:
                continue
            for file in _checkpoints_of(path, _context(path, source)):
                found.setdefault(file.identity, file)
                any_here = True
        if not any_here:
            raise MissingCheckpoint(
                f"{source} holds no {', '.join(CHECKPOINT_SUFFIXES)} file: name the folder, the archive or "
                "the files of the published checkpoints."
            )
    return list(found.values())


def _files_below(folder: Path) -> Iterator[Path]:
    seen = set()
    for parent, folders, names in os.walk(folder, followlinks=True):
        here = os.stat(parent)
        # A link may lead back up.
        if (here.st_dev, here.st_ino) in seen:
            folders.clear()
            continue
        seen.add((here.st_dev, here.st_ino))
        folders[:] = sorted(name for name in folders if not _is_hidden(name))
        for name in sorted(names):
            path = Path(parent, name)
            if path.suffix.lower() in SUFFIXES and not _is_hidden(name) and path.is_file():
                yield path


def _is_hidden(name: str) -> bool:
    return (name.startswith(".") and name != "..") or name == "__MACOSX"


def _context(path: Path, source: Path) -> tuple[str, ...]:
    """Names from the file up to the source, or to the folder of a source that is a file."""
    top = source.absolute() if source.is_dir() else source.absolute().parent
    return (*reversed(path.absolute().relative_to(top).parts), top.name)


def _checkpoints_of(path: Path, context: tuple[str, ...]) -> Iterator[CheckpointFile]:
    members = _archive_members(path)
    if members is None:
        yield CheckpointFile(path, None, context)
        return
    for name in members:
        parts = PurePosixPath(name).parts
        if name.lower().endswith(CHECKPOINT_SUFFIXES) and not any(map(_is_hidden, parts)):
            yield CheckpointFile(path, name, (*reversed(parts), *context))


def _archive_members(path: Path) -> list[str] | None:
    """The names of the files in an archive of checkpoints, None if it is no archive."""
    if not _start(path, str(path)).startswith(ZIP_START):
        return None
    with _opened_zip(path, str(path)) as archive:
        infos = [info for info in archive.infolist() if not info.is_dir()]
        return None if _is_torch(archive) else [info.filename for info in infos]


def _is_torch(archive: zipfile.ZipFile) -> bool:
    """Torch's own format is a zip too: a folder with ``data.pkl`` and the tensors."""
    return any(name.count("/") == 1 and name.endswith("/data.pkl") for name in archive.namelist())


def _start(path: Path, label: str) -> bytes:
    try:
        with open_regular(path) as stream:
            return stream.read(9)
    except OSError as error:
        raise UnreadableCheckpoint(f"{label} can't be read: {error.strerror}.") from error


@contextmanager
def _opened_zip(path: Path, label: str, limit: int | None = None) -> Iterator[zipfile.ZipFile]:
    """An archive whose declared sizes are within bounds. Raises UnreadableCheckpoint, in the block too."""
    try:
        with zipfile.ZipFile(path) as archive:
            if any(info.compress_type not in COMPRESSIONS for info in archive.infolist()):
                raise zipfile.BadZipFile("a compression that is not read")
            sizes = [info.file_size for info in archive.infolist()]
            if max(sizes, default=0) > (limit or MAX_BYTES) or sum(sizes) > MAX_BYTES_IN_ALL:
                raise UnreadableCheckpoint(
                    f"{label} would unpack to {sum(sizes) / 1e9:.1f} GB, more than the published "
                    "checkpoints have: download it again."
                )
            yield archive
    except ZIP_ERRORS as error:
        if isinstance(error, OSError) and error.errno in FULL_DISK:
            raise
        raise UnreadableCheckpoint(
            f"{label} is damaged ({reason_of(error)}): download or copy it again."
        ) from error


@contextmanager
def on_disk(file: CheckpointFile, folder: Path) -> Iterator[Path]:
    """The path to read a checkpoint from; a member of an archive is in ``folder`` meanwhile.

    It gets a name of its own there, whatever the archive calls it. Raises UnreadableCheckpoint.
    """
    if file.member is None:
        yield file.path
        return
    with tempfile.TemporaryDirectory(dir=folder, ignore_cleanup_errors=True) as unpacked:
        path = Path(unpacked, "checkpoint")
        # `ZipFile.open` gives no more than the declared size, and compares the checksum at the end.
        with (
            _opened_zip(file.path, file.label) as archive,
            archive.open(file.member) as packed,
            path.open("wb") as target,
        ):
            shutil.copyfileobj(packed, target, 1 << 20)
        yield path


def read_checkpoint(path: Path, label: str, limit: int | None = None) -> Any:
    """What ``torch.save`` or safetensors wrote: tensors in dictionaries, and plain values.

    Nothing but tensors is unpickled, and nothing of more than ``limit`` bytes is read, by default
    `MAX_BYTES`. Raises UnsafeCheckpoint and UnreadableCheckpoint, which call the file ``label``.
    """
    limit = MAX_BYTES if limit is None else limit
    start = _start(path, label)
    if path.stat().st_size > limit:
        raise UnreadableCheckpoint(f"{label} is larger than any published checkpoint: leave it out.")
    if start.startswith(ZIP_START):
        _check_torch_zip(path, label, limit)
        return _torch_load(path, label)
    if start.startswith(PICKLE_START):
        return _torch_load(path, label)
    if start[8:] == b"{":
        try:
            return load_file(path)
        except Exception as error:  # of damaged headers too: kinds of numbers that torch has not
            raise UnreadableCheckpoint(
                f"{label} is damaged ({reason_of(error)}): download or copy it again."
            ) from error
    what = "no checkpoint, as torch or safetensors write them" if start else "empty"
    raise UnreadableCheckpoint(f"{label} is {what}: download or copy it again.")


def _check_torch_zip(path: Path, label: str, limit: int) -> None:
    """Compare all checksums, which torch does not."""
    with _opened_zip(path, label, limit) as archive:
        if sum(info.file_size for info in archive.infolist()) > limit:
            raise zipfile.BadZipFile("it would unpack to more than its tensors can have")
        if not _is_torch(archive):
            raise UnreadableCheckpoint(f"{label} is an archive inside an archive: unpack it first.")
        if damaged := archive.testzip():
            raise zipfile.BadZipFile(f"wrong checksum of {damaged}")


def _torch_load(path: Path, label: str) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # Not mapped into memory: then torch 2.13 reads past the end of a record that is too short.
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise _unsafe(label, str(error)) from error
    except Exception as error:  # damaged pickles make torch raise nearly anything
        if "TorchScript" in str(error):
            raise _unsafe(label, "GLOBAL TorchScript") from error
        reason = shown(str(error).partition("\n")[0][:200]) or type(error).__name__
        raise UnreadableCheckpoint(f"{label} is damaged ({reason}): download or copy it again.") from error


def _unsafe(label: str, message: str) -> UnsafeCheckpoint:
    found = re.search(r"GLOBAL ([\w.]+)", message)
    what = found[1] if found else "an unknown instruction"
    return UnsafeCheckpoint(
        f"{label} holds code or objects besides tensors ({what}), so it was not loaded: if you trust it, "
        "save its state dict alone with torch.save (of the detection checkpoint: its model_state) and "
        "import that, or leave it out."
    )


def shown(text: str) -> str:
    """Text from a file's name or content, without what a terminal would act on."""
    return "".join(char if char.isprintable() else "?" for char in printable(text))
