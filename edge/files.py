"""Files: written whole or not at all, their digests, and names that can be printed."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader, FileIO
from pathlib import Path
from typing import BinaryIO

from edge.hidden import HiddenFile, remove_left_behind

MAX_NAME = 255
"""Longest name of a file in bytes, as almost all file systems have it."""
MAX_REASON = 300
"""Characters of another program's text in a sentence of ours."""


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
def written_beside(path: Path, mode: int = 0o666) -> Iterator[BinaryIO]:
    """Yield a hidden new file, open to write and read, which replaces ``path`` if nothing was raised.

    Missing folders are created. The file is brought to the disk before it takes the name, so that after a
    power cut ``path`` is either unchanged or complete. On an exception the hidden file is removed and
    ``path`` is unchanged. A link at ``path`` is replaced itself, never what it leads to; what is replaced
    limits the permissions. What killed processes left of earlier attempts is removed.

    Args:
        path: The file to write.
        mode: Its permissions, limited by the umask.

    Raises:
        OSError: The folder can't be written to.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_left_behind(path)
    hidden = HiddenFile(path, mode & _replaced_mode(path))
    try:
        yield hidden.file
        hidden.move(path)
    except BaseException:
        hidden.remove()
        raise


def copy_beside(source: Path, path: Path, mode: int = 0o666) -> None:
    """Copy a regular file's content, as `written_beside` writes. Raises `OSError`."""
    with open_regular(source) as content, written_beside(path, mode) as out:
        shutil.copyfileobj(content, out, 1 << 20)


def _replaced_mode(path: Path) -> int:
    """The permissions of the file at ``path``, and the owner's to write; all if none is there."""
    with suppress(OSError):
        found = path.lstat().st_mode
        if stat.S_ISREG(found):
            return found | stat.S_IWUSR
    return 0o777


def open_regular(path: Path) -> BufferedReader:
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


def open_to_append(path: Path, mode: int = 0o666) -> FileIO:
    """Open a file to append and read, or create it; links, pipes and devices are refused.

    A file that has other names too is refused: what is appended would show under those.

    Raises:
        OSError: It is none of that, or can't be written.
    """
    return FileIO(path, "a+", opener=_writes_no_other_file(mode))


def open_to_replace(path: Path, mode: int = 0o666) -> BinaryIO:
    """Open a file to write it anew, or create it; refused is what `open_to_append` refuses.

    For a `HiddenFile` that another process has made, in whose place somebody may have put something else.

    Raises:
        OSError: It is no file of its own, or can't be written.
    """
    opener = _writes_no_other_file(mode)
    # Emptied only once it is known for what it is: "w" would empty it before.
    file = open(path, "r+b", opener=lambda name, flags: opener(name, flags | os.O_CREAT))  # noqa: SIM115
    try:
        file.truncate()
    except BaseException:
        file.close()
        raise
    return file


def _writes_no_other_file(mode: int) -> Callable[[str, int], int]:
    """An opener that refuses links, what is no file, and files of several names."""

    def opener(name: str, flags: int) -> int:
        if os.path.islink(name):
            raise OSError(errno.ELOOP, "A link, which is not written through", name)
        flags |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        opened = os.open(name, flags, mode)
        try:
            found = os.fstat(opened)
            if not stat.S_ISREG(found.st_mode):
                raise OSError(errno.EINVAL, "Not a regular file", name)
            if found.st_nlink > 1:
                raise OSError(errno.EMLINK, "A file of several names, which is not written to", name)
        except BaseException:
            os.close(opened)
            raise
        return opened

    return opener


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


def file_sha256(path: Path) -> str:
    """The sha256 of a file's content, as 64 hexadecimal digits; raises `OSError`."""
    with open_regular(path) as file:
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
