"""Names for files that come from devices: never one that is taken, never one that a file system refuses."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from itertools import chain, count
from pathlib import Path, PurePath

MAX_NAME = 100
"""Longest name in characters."""

_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f"*/:<>?\\|]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)


def placed(folder: Path, names: Iterable[str], content: Iterable[bytes]) -> Path:
    """Write a new file, flushed to the disk; nothing is left of one that fails.

    Raises:
        OSError: The folder can't be written to.
    """
    descriptor, hidden = tempfile.mkstemp(dir=folder, prefix=".")
    partial = Path(hidden)
    try:
        with os.fdopen(descriptor, "wb") as file:
            for chunk in content:
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        return place(partial, folder, names)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def place(partial: Path, folder: Path, names: Iterable[str]) -> Path:
    """Give a finished file the first of ``names`` that is free in a folder of the same file system.

    Raises:
        OSError: The folder can't be written to.
    """
    for name in names:
        target = folder / name
        try:
            os.link(partial, target)
        except FileExistsError:
            continue
        partial.unlink()
        return target
    raise FileExistsError(f"{folder} has no free name for {partial.name}")


def numbered(stem: str, suffix: str) -> Iterator[str]:
    """``scan-001.tiff``, ``scan-002.tiff`` and so on."""
    return (f"{stem}-{number:03}{suffix}" for number in count(1))


def safe_names(name: str) -> Iterator[str]:
    """A name that every file system takes, and then others for it: ``a.jpg``, ``a (2).jpg`` and so on."""
    printable = "".join(letter if letter.isprintable() else "_" for letter in name)
    path = PurePath(_FORBIDDEN.sub("_", printable).strip(" .") or "photo")
    suffix = path.suffix[:8]
    stem = path.name.removesuffix(path.suffix)[: MAX_NAME - len(suffix)].rstrip(" .") or "photo"
    if _RESERVED.fullmatch(stem):
        stem = f"_{stem}"
    return chain((stem + suffix,), (f"{stem} ({number}){suffix}" for number in count(2)))
