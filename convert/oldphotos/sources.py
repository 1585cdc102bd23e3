"""Files of the folders and tar archives that a training reads: within bounds, and nothing is unpacked.

Archives come from anywhere. Members are read in memory, so that their paths lead nowhere; links, devices
and sparse members are set aside; numbers and sizes have limits before anything is allocated.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import re
import tarfile
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

from convert.errors import PhotoSetError
from edge.files import on_one_line, open_regular

MAX_FILES = 1_000_000
"""Files of a folder, and members of an archive, pictures or not."""
MAX_BYTES = 256 << 20
"""Size of one file."""
MAX_UNPACKED = 2 << 30
"""Size of a compressed archive once unpacked: its pictures are in memory together."""
MAX_HEADER = 64 << 10
"""Size of what an archive says about one member: its name and more."""
_LONG_NUMBER = re.compile(rb"[0-9]{100}")

_COMPRESSED: dict[bytes, Callable[..., Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ": lzma.open,
}
"""How archives are unpacked, by their first bytes."""

_DAMAGED = (
    tarfile.TarError,
    OSError,
    EOFError,
    ValueError,
    ArithmeticError,
    LookupError,
    RecursionError,
    zlib.error,
    lzma.LZMAError,
)
"""What damaged archives raise."""


@dataclass(frozen=True)
class SetAside:
    """A file that was left out, and why, as the end of a sentence."""

    name: str
    reason: str


def summary(items: Collection[SetAside], named: int = 10) -> list[str]:
    """Sentences for the user about what was left out: the first ones by name."""
    lines = [f"Left out {item.name}: it {item.reason}." for item in list(items)[:named]]
    if len(items) > named:
        lines.append(f"Left out {len(items) - named} more files.")
    return lines


def files_of(
    source: Path, suffixes: Collection[str], aside: list[SetAside]
) -> Iterator[tuple[PurePosixPath, bytes]]:
    """Path and content of each file of a folder or tar archive with one of the ``suffixes``, by path.

    Paths begin with the folder's name, or are as in the archive; they may have any parts and are names, not
    to be opened. Files that are too large, links in archives and the like are added to ``aside``. Raises
    PhotoSetError.
    """
    return _in_folder(source, suffixes, aside) if source.is_dir() else _in_archive(source, suffixes, aside)


def _in_folder(
    folder: Path, suffixes: Collection[str], aside: list[SetAside]
) -> Iterator[tuple[PurePosixPath, bytes]]:
    paths: list[Path] = []
    for path in folder.rglob("*"):
        if path.suffix.lower() in suffixes and not path.is_dir():
            paths.append(path)
            _check_count(folder, len(paths))
    for path in sorted(paths):
        name = PurePosixPath(path.relative_to(folder.parent))
        try:
            with open_regular(path) as file:
                size = os.fstat(file.fileno()).st_size
                content = file.read(MAX_BYTES) if size <= MAX_BYTES else None
        except OSError as error:
            aside.append(SetAside(shown(name), f"can't be read ({error.strerror})"))
            continue
        if content is None:
            aside.append(_too_large(name, size))
        else:
            yield name, content


def _in_archive(
    source: Path, suffixes: Collection[str], aside: list[SetAside]
) -> Iterator[tuple[PurePosixPath, bytes]]:
    with _opened(source) as (file, is_compressed):
        found: list[tuple[str, int, int, bytes]] = []
        for count, member in enumerate(_members(file), start=1):
            _check_count(source, count)
            name = PurePosixPath(member.name)
            if name.suffix.lower() not in suffixes or member.isdir():
                continue
            if not member.isreg() or member.issparse():
                what = "a link" if member.islnk() or member.issym() else "no plain file"
                aside.append(SetAside(shown(name), f"is {what} in {source.name}"))
            elif member.size > MAX_BYTES:
                aside.append(_too_large(name, member.size))
            else:
                # A compressed archive can only be read from its beginning to its end.
                content = file.content(member.offset_data, member.size) if is_compressed else b""
                found.append((member.name, member.offset_data, member.size, content))
        for path, begin, size, content in sorted(found, key=lambda entry: entry[0]):
            yield PurePosixPath(path), content if is_compressed else file.content(begin, size)


@contextmanager
def _opened(source: Path) -> Iterator[tuple[_Bounded, bool]]:
    """The archive, unpacked, and whether it was compressed. Raises PhotoSetError, in the block too."""
    try:
        with open_regular(source) as packed:
            start = packed.read(6)
            packed.seek(0)
            unpack = next((each for magic, each in _COMPRESSED.items() if start.startswith(magic)), None)
            if unpack is None:
                yield _Bounded(packed, os.fstat(packed.fileno()).st_size), False
            else:
                yield _Bounded(unpack(packed), MAX_UNPACKED), True
    except _DAMAGED as error:
        reason = on_one_line(getattr(error, "strerror", None) or str(error))[:200]
        raise PhotoSetError(
            f"{source} is no tar archive of photos, or is damaged ({reason}): copy it again, or "
            "name a folder."
        ) from error


def _members(file: _Bounded) -> Iterator[tarfile.TarInfo]:
    with tarfile.open(fileobj=cast(IO[bytes], file), mode="r:") as archive:
        end = -1
        while (member := archive.next()) is not None:
            if member.size < 0 or archive.offset <= end:
                raise tarfile.ReadError("a member of negative size")
            end = archive.offset
            cast(Any, archive).members.clear()  # else it keeps them all
            yield member
            file.left = MAX_HEADER
        # At a damaged header tarfile stops as if that were the end.
        file.seek(archive.offset)
        if file.read(tarfile.BLOCKSIZE).strip(b"\0"):
            raise tarfile.ReadError("a damaged header")


class _Bounded:
    """An unpacked archive of at most ``limit`` bytes. Of what `tarfile` reads by itself, a member has
    ``left``: it would read names of any length, and search some of them in quadratic time."""

    def __init__(self, file: IO[bytes], limit: int) -> None:
        self.file, self.limit, self.left = file, limit, MAX_HEADER
        self.tell = file.tell

    def seek(self, offset: int) -> int:
        if not 0 <= offset <= self.limit:
            raise tarfile.ReadError(f"it does not end after {self.limit} bytes")
        return self.file.seek(offset)

    def read(self, size: int) -> bytes:
        self.left -= max(size, tarfile.BLOCKSIZE)
        if size < 0 or self.left < 0:
            raise tarfile.ReadError("the description of a member is too long")
        found = self.file.read(size)
        if _LONG_NUMBER.search(found) and size > tarfile.BLOCKSIZE:
            raise tarfile.ReadError("the description of a member holds a number of a hundred digits")
        return found

    def content(self, begin: int, size: int) -> bytes:
        """A member's bytes, all of them. Raises ReadError."""
        self.seek(begin)
        found = self.file.read(size)
        if len(found) < size:
            raise tarfile.ReadError("it ends within a file")
        return found


def _check_count(source: Path, count: int) -> None:
    if count > MAX_FILES:
        raise PhotoSetError(f"{source} holds more than {MAX_FILES:,} files: divide it.")


def _too_large(name: PurePosixPath, size: int) -> SetAside:
    return SetAside(shown(name), f"has {size / 1e6:.0f} MB, and at most {MAX_BYTES / 1e6:.0f} are read")


def shown(name: PurePosixPath) -> str:
    """A name as messages show it: without what a terminal would act on, and not without end."""
    return on_one_line(str(name))[-200:]
