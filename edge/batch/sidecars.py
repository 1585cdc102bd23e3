"""Sidecars: files of the same name that hold what a photo manager or an export knows about a photo."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from edge.files import written_beside

_TAKEOUT = ".supplemental-metadata"
_TAKEOUT_LENGTH = 46
"""An export of Google's cuts a sidecar's name to so many characters, without ``.json``."""
_NUMBERED = re.compile(r"(.*)(\(\d+\))(\.[^.]*)")


def copy_sidecars(photo: Path, result: Path) -> None:
    """Copy a photo's sidecars to its result in another folder, with their times; none over another file.

    A sidecar is named after the result where that has another name than the photo.

    Raises:
        OSError: A sidecar can't be read or written.
    """
    if photo.parent.resolve() == result.parent.resolve():
        return
    done: set[tuple[int, int]] = set()
    for sidecar, name in _candidates(photo, result):
        target = result.with_name(name)
        if not sidecar.is_file() or target.exists() or target.is_symlink():
            continue
        stat = sidecar.stat()
        if (stat.st_dev, stat.st_ino) in done:  # another spelling where case does not matter
            continue
        done.add((stat.st_dev, stat.st_ino))
        with written_beside(target) as partial:
            shutil.copy2(sidecar, partial)


def _candidates(photo: Path, result: Path) -> Iterator[tuple[Path, str]]:
    """The names that a sidecar may have, each with its name beside the result."""
    for ending in (".xmp", ".XMP", ".json"):
        yield photo.with_name(photo.name + ending), result.name + ending
        yield photo.with_name(photo.stem + ending), result.stem + ending
    for name in _takeout_names(photo.name):
        same = photo.name == result.name
        yield photo.with_name(name), name if same else f"{result.name}{_TAKEOUT}.json"


def _takeout_names(name: str) -> Iterator[str]:
    yield (name + _TAKEOUT)[:_TAKEOUT_LENGTH] + ".json"
    yield name[:_TAKEOUT_LENGTH] + ".json"
    if numbered := _NUMBERED.fullmatch(name):
        stem, number, suffix = numbered.groups()
        yield f"{stem}{suffix}{number}.json"
        yield f"{stem}{suffix}{_TAKEOUT}{number}.json"
