"""Sidecars: files of the same name that hold what a photo manager or an export knows about a photo."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from edge.errors import PhotoError
from edge.files import open_regular, written_beside
from edge.permissions import keep_time, mode_for
from edge.photo.decoding.decoder import decoding, open_image
from edge.photo.headers.reading import read_header
from edge.photo.metadata.xmp.packet import MAX_BYTES
from edge.photo.metadata.xmp.stale import orientation_of, upright_xmp
from edge.photo.opened import opened

_ORIENTATION = 274
_TAKEOUT = ".supplemental-metadata"
_TAKEOUT_LENGTH = 46
"""An export of Google's cuts a sidecar's name to so many characters, without ``.json``."""
_NUMBERED = re.compile(r"(.*)(\(\d+\))(\.[^.]*)")


def missing_sidecars(photo: Path, result: Path) -> list[tuple[Path, Path]]:
    """The sidecars of a photo that its result in another folder lacks, each with its place there.

    A sidecar is named after the result where that has another name than the photo. None goes over another
    file.

    Raises:
        OSError: A sidecar can't be looked up.
    """
    if photo.parent.resolve() == result.parent.resolve():
        return []
    missing: dict[Path, Path] = {}
    done: set[tuple[int, int]] = set()
    for sidecar, name in candidates(photo, result):
        target = result.with_name(name)
        if not sidecar.is_file() or target in missing or target.exists() or target.is_symlink():
            continue
        stat = sidecar.stat()
        if (stat.st_dev, stat.st_ino) in done:  # another spelling where case does not matter
            continue
        done.add((stat.st_dev, stat.st_ino))
        missing[target] = sidecar
    return [(sidecar, target) for target, sidecar in missing.items()]


def copy_sidecars(photo: Path, result: Path, written: Path) -> None:
    """Copy the missing sidecars of a photo to its result, with their times.

    XMP that states how the photo has to be turned states 1 if the result has been turned. ``written`` is
    the file of the result, which may have another name yet.

    Raises:
        OSError: A sidecar can't be read or written.
    """
    for sidecar, target in missing_sidecars(photo, result):
        stat = sidecar.stat()
        mode = mode_for([photo, sidecar], target.parent)
        with open_regular(sidecar) as content, written_beside(target, mode) as out:
            shutil.copyfileobj(content, out, 1 << 20)
            if target.suffix.lower() == ".xmp":
                _make_upright(out, photo, written)
            keep_time(stat, out)


def _make_upright(xmp: BinaryIO, photo: Path, result: Path) -> None:
    """Mend the orientation in XMP if it was the photo's and has been applied to the result."""
    if xmp.tell() > MAX_BYTES:
        return
    xmp.seek(0)
    packet = xmp.read()
    orientation = orientation_of(packet)
    if orientation in (None, 1):
        return
    try:
        (before, _), (after, size) = map(_state, (photo, result))
    except PhotoError:
        return
    if orientation is not None and (before, after) == (orientation, 1):
        xmp.seek(0)
        xmp.write(upright_xmp(packet, orientation, *size)[0])
        xmp.truncate()


def _state(photo: Path) -> tuple[int, tuple[int, int]]:
    """Orientation and size of a photo."""
    with opened(photo) as source:
        header = read_header(source, photo, sys.maxsize)
        with decoding(photo, sys.maxsize):
            image = open_image(source, header, photo, sys.maxsize)
            return image.getexif().get(_ORIENTATION, 1), image.size


def candidates(photo: Path, result: Path) -> Iterator[tuple[Path, str]]:
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
