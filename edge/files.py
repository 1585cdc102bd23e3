"""Files: written whole or not at all, their digests, and names that can be printed."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

MAX_NAME = 255
"""Longest name of a file in bytes, as almost all file systems have it."""
MAX_REASON = 300
"""Characters of another program's text in a sentence of ours."""


def partial_path(path: Path) -> Path:
    """The hidden file beside ``path`` that holds it while it is being written."""
    name = f".{path.name}.partial"
    return path.with_name(name if len(os.fsencode(name)) <= MAX_NAME else f".{_short(path.name)}.partial")


def fitting(path: Path, ending: str) -> Path:
    """The path with ``ending`` behind its name, cut so that a file system takes the name.

    A name that is cut ends in some digits of its digest, so that two long names stay two.
    """
    name = path.name + ending
    if len(os.fsencode(name)) <= MAX_NAME:
        return path.with_name(name)
    ending = f"~{_short(path.name)[:8]}{ending}"
    kept = path.name
    while len(os.fsencode(kept + ending)) > MAX_NAME:
        kept = kept[:-1]
    return path.with_name(kept + ending)


@contextmanager
def written_beside(path: Path) -> Iterator[Path]:
    """Yield a hidden path to write to, which replaces ``path`` if nothing was raised.

    Missing folders are created. The partial file is flushed to the disk before it takes the name, so
    that after a power cut ``path`` is either unchanged or complete. On an exception the partial file is
    removed and ``path`` is unchanged.

    Raises:
        OSError: The folder can't be written to.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = partial_path(path)
    try:
        yield partial
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        os.replace(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def open_regular(path: Path) -> BinaryIO:
    """Open a file to read; pipes and devices, which may have no end, are refused without waiting for them.

    Raises:
        OSError: There is no such file, or it can't be read.
    """
    # O_NONBLOCK is what keeps a pipe from being waited for; files don't know it.
    opened = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        if not stat.S_ISREG(os.fstat(opened).st_mode):
            raise OSError(errno.EINVAL, "Not a regular file", str(path))
        return os.fdopen(opened, "rb")
    except BaseException:
        os.close(opened)
        raise


def read_bounded(path: Path, limit: int) -> bytes:
    """The content of a file that has at most ``limit`` bytes.

    Raises:
        OSError: There is no such file, it can't be read, or it is larger.
    """
    with open_regular(path) as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise OSError(errno.EFBIG, f"Larger than {limit} bytes", str(path))
    return content


def copy_attributes(source: Path, target: Path, time: bool = True) -> None:
    """Give a file the permissions, extended attributes, owner and, with ``time``, the times of another.

    What the file system does not support or the user may not do is left out.

    Raises:
        OSError: A file can't be opened.
    """
    found, written = source.stat(), target.stat()
    if hasattr(os, "chown"):
        with suppress(OSError):
            os.chown(target, found.st_uid, found.st_gid)
    with suppress(PermissionError):  # of the permissions, which it sets last
        shutil.copystat(source, target)
    if not time:
        os.utime(target, ns=(written.st_atime_ns, written.st_mtime_ns))


def file_sha256(path: Path) -> str:
    """The sha256 of a file's content, as 64 hexadecimal digits; raises `OSError`."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def comparable(path: Path) -> Path:
    """A path with its folder's links resolved, to compare or print but not to open.

    The file itself is not followed, since it is what a run replaces.
    """
    return Path(printable(str(path.parent.resolve() / path.name)))


def printable(text: str) -> str:
    """Text that can be printed: bytes of a file's name that are no UTF-8 become ``\\xNN``."""
    return text.encode(errors="surrogateescape").decode(errors="backslashreplace")


def on_one_line(text: str) -> str:
    """Printable text without control characters: a file's name may hold line ends and escape codes."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in printable(text))


def reason_of(error: Exception) -> str:
    """What a library's error says, on one line and not without end: it may quote what a file holds."""
    text = on_one_line(" ".join(str(error).split())) or type(error).__name__
    return text if len(text) <= MAX_REASON else f"{text[:MAX_REASON]}…"


def _short(name: str) -> str:
    """Digits that stand for a name."""
    return hashlib.sha256(os.fsencode(name)).hexdigest()[:16]
