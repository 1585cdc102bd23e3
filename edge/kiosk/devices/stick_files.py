"""Files of an untrusted file system, opened below a folder that is open: no link is followed on the way."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from edge.photo.headers.kinds import Kind, kind_by_content

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_CHUNK = 1 << 20


@contextmanager
def opened_folder(root: int, parts: tuple[str, ...]) -> Iterator[int]:
    """The descriptor of a folder below ``root``, on the same file system.

    Raises:
        OSError: There is no such folder, or a part of it is a link.
    """
    device = os.fstat(root).st_dev
    here = os.dup(root)
    try:
        for part in parts:
            below = os.open(part, _FOLDER, dir_fd=here)
            os.close(here)
            here = below
            if os.fstat(here).st_dev != device:
                raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), part)
        yield here
    finally:
        os.close(here)


@contextmanager
def opened_file(root: int, parts: tuple[str, ...]) -> Iterator[BinaryIO | None]:
    """A regular file below ``root``; None for anything else, such as a pipe, which is not waited for.

    Raises:
        OSError: There is no such file, or a part of its path is a link.
    """
    with opened_folder(root, parts[:-1]) as folder:
        descriptor = os.open(parts[-1], _READ, dir_fd=folder)
        with os.fdopen(descriptor, "rb") as source:
            found = os.fstat(descriptor)
            regular = stat.S_ISREG(found.st_mode) and found.st_dev == os.fstat(root).st_dev
            yield source if regular else None


def photo_kind(source: BinaryIO, name: str) -> Kind | None:
    """The kind of a photo that is read, by its content; None for other files."""
    kind = kind_by_content(source, Path(name))
    return kind if kind is not None and kind.format is not None else None


def files_below(root: int, max_depth: int, step: Callable[[], bool]) -> Iterator[tuple[str, ...]]:
    """The paths of the files below a folder, folder by folder, each in the order of their names.

    Args:
        root: The folder's descriptor.
        max_depth: Folders within folders that are looked into.
        step: Called for each file and folder; False ends the search after the folder at hand.
    """
    folders: list[tuple[str, ...]] = [()]
    going_on = True
    while folders and going_on:
        here = folders.pop()
        below, files = [], []
        try:
            with opened_folder(root, here) as descriptor, os.scandir(descriptor) as entries:
                for entry in entries:
                    going_on = step()
                    if not going_on:
                        break
                    if entry.name.startswith("."):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        below.append((*here, entry.name))
                    elif entry.is_file(follow_symlinks=False):
                        files.append((*here, entry.name))
        except OSError as error:
            # A folder that can't be read, or leads elsewhere, is left out; a stick that is away is not.
            if not here or error.errno not in (errno.EACCES, errno.ELOOP, errno.ENOTDIR, errno.EXDEV):
                raise
        yield from sorted(files)
        if len(here) < max_depth:
            folders += sorted(below, reverse=True)


def chunks(source: BinaryIO, limit: int) -> Iterator[bytes]:
    """A file's content. Raises ValueError beyond ``limit`` bytes."""
    total = 0
    while chunk := source.read(_CHUNK):
        total += len(chunk)
        if total > limit:
            raise ValueError(f"more than {limit} bytes")
        yield chunk
