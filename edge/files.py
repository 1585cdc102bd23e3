"""Files: written whole or not at all, their digests, and names that can be printed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def partial_path(path: Path) -> Path:
    """The hidden file beside ``path`` that holds it while it is being written."""
    return path.with_name(f".{path.name}.partial")


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
