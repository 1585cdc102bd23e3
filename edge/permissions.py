"""Permissions: who may read what is made from somebody's photo, and what a photo keeps that is replaced."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

_ACCESS_LIST = "system.posix_acl_access"


def mode_for(photos: Iterable[Path], folder: Path) -> int:
    """Permissions of a new file in ``folder`` that let nobody read it who may not read each of the photos.

    The owner may always read and write it. A photo that can't be found limits nothing.
    """
    mode = 0o666
    for photo in photos:
        with suppress(OSError):
            found = photo.stat()
            mode &= _for_group(found.st_mode, found.st_gid == _group_in(folder) and not _has_list(photo))
    return mode | stat.S_IRUSR | stat.S_IWUSR


def make_folders(folder: Path, photos: Iterable[Path]) -> None:
    """Make a folder and those above it, open to nobody whom the folders of the photos keep out.

    Folders that hold both are not asked. Folders that exist are left as they are. Raises `OSError`.
    """
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    if not missing:
        return
    shared = {one for one in folder.absolute().parents if one.exists()}
    shared |= {one.resolve() for one in shared}
    mode = 0o777
    for above in {above for photo in photos for above in photo.resolve().parents} - shared:
        with suppress(OSError):
            found = above.stat()
            mode &= _for_group(found.st_mode, found.st_gid == _group_in(missing[-1].parent))
    for one in reversed(missing):
        one.mkdir(mode | stat.S_IRWXU, exist_ok=True)


def keep_attributes(source: Path, file: BinaryIO, time: bool = True) -> tuple[str, ...]:
    """Give a file owner, permissions, extended attributes and, with ``time``, the times of another.

    Returns:
        What the user may not give it, in words: then nobody may read it who could not read the other.
        What a file system does not support is left out without a word.

    Raises:
        OSError: A file can't be found.
    """
    found = source.stat()
    written = _handle(file)
    lost: list[str] = []
    if hasattr(os, "chown"):
        for owner, group, word in ((-1, found.st_gid, "its group"), (found.st_uid, -1, "its owner")):
            now = os.stat(written)
            if (owner, group) in ((now.st_uid, -1), (-1, now.st_gid)):
                continue
            try:
                os.chown(written, owner, group)
            except OSError:
                lost.append(word)
    if hasattr(os, "listxattr"):
        _copy_extended(source, written)
    with suppress(OSError):
        os.chmod(written, stat.S_IMODE(_for_group(found.st_mode, os.stat(written).st_gid == found.st_gid)))
    if time:
        keep_time(found, file)
    if found.st_nlink > 1:
        lost.append("its other names (hard links), under which the photo is as it was")
    return tuple(lost)


def keep_time(found: os.stat_result, file: BinaryIO) -> None:
    """Give a file the times that were found of another. Raises `OSError`."""
    file.flush()  # what is written later would set them again
    os.utime(_handle(file), ns=(found.st_atime_ns, found.st_mtime_ns))


def _handle(file: BinaryIO) -> int | str:
    """What stands for an opened file; its name only where the system takes nothing else."""
    return file.fileno() if os.utime in os.supports_fd else file.name


def _copy_extended(source: Path, written: int | str) -> None:
    with suppress(OSError):
        for name in os.listxattr(source):
            with suppress(OSError):
                os.setxattr(written, name, os.getxattr(source, name))


def _for_group(mode: int, is_same: bool) -> int:
    """A mode for a file of another group: to that group, the photo's belongs to the others."""
    return mode if is_same else mode & ~stat.S_IRWXG | mode & (mode & stat.S_IRWXO) << 3


def _group_in(folder: Path) -> int:
    """The group of a new file in a folder."""
    found = folder.stat()
    if not hasattr(os, "getegid") or sys.platform == "darwin" or found.st_mode & stat.S_ISGID:
        return found.st_gid
    return os.getegid()


def _has_list(photo: Path) -> bool:
    """Whether a photo's access is ruled by a list, whose entries its group's permissions do not show."""
    with suppress(OSError, AttributeError):
        return _ACCESS_LIST in os.listxattr(photo)
    return False
